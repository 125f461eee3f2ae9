import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { createLogger } from '#platform/logging.js';
import { Wakeup } from '#projections/engine/wakeup.js';
import type { OwnedOrders } from '#projections/orders/owned-orders.js';
import { askOwners } from '#projections/quarantine/ask-owners.js';
import { OrderQuarantine } from '#projections/quarantine/order-quarantine.js';
import type { ParkedOrderRetrier } from '#projections/quarantine/parked-order-retrier.js';
import { QuarantineKeeper } from '#projections/quarantine/quarantine-keeper.js';
import { activeGeneration } from '#read-models/generations/generation.js';
import { finishAction, takeAction } from '#read-models/stores/quarantine-actions.store.js';
import { place, WrittenOrder } from '../../support/order-streams.js';
import { takeLease } from '../../support/leases.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { act, UNKNOWN_TYPE } from '../../support/quarantine.js';

jest.setTimeout(ENGINES_MS);

describe('what a person asks of the quarantine', () => {
  let bench: ProjectionBench;
  let order: WrittenOrder;
  let owner: pg.Client;
  beforeAll(async () => {
    bench = await ProjectionBench.open();
    order = new WrittenOrder(bench.eventStore);
    await order.does(place(order));
    await order.receives({ type: UNKNOWN_TYPE });
    const running = bench.start();
    await bench.caughtUp(running);
    await running.stop();
    owner = new pg.Client({ connectionString: bench.postgresUrl });
    await owner.connect();
  });
  afterAll(async () => {
    await owner.end();
    await bench.close();
  });

  describe('while a projector has the projection, and is at something else', () => {
    beforeEach(() => takeLease(owner, { generation: 1, projection: 'orders' }));

    const retry = (projection: string) => ({
      ...({ projection, generation: 1, action: 'retry_all', reason: null, who: 'the tests' } as const),
      ...{ tenantId: null, orderId: null, revision: null },
    });
    const ask = (projection: string, busyWithinMs: number, onBusy: () => Promise<unknown>) => {
      const tell = (line: string) => void (line.includes('is busy with something else') && onBusy());
      return askOwners(bench.pool, [retry(projection)], { tell, takenWithinMs: 0, busyWithinMs });
    };

    it.each(['orders', 'search'])('waits for its turn (%s)', async (projection) => {
      const asked = ask(projection, ENGINES_MS, async () => {
        const taken = await takeAction(owner, 1, [projection]);
        await finishAction(owner, taken!, { succeeded: true, outcome: 'done' });
      });
      expect(await asked).toMatchObject([{ succeeded: true, outcome: 'done' }]);
    });

    it('is taken back once that projector is gone', async () => {
      const letGo = `UPDATE orderlog.leases SET holder = NULL WHERE projection = 'orders'`;
      const [asked] = await ask('orders', ENGINES_MS, () => owner.query(letGo));
      expect(asked).toMatchObject({ succeeded: false, takenAt: null });
      expect(asked!.outcome).toBe(
        'no projector owns this projection at the moment (`orderctl status` tells more): nothing was done',
      );
    });

    it('is taken back where its turn never comes, which is not said to be for want of a projector', async () => {
      const [asked] = await ask('orders', 0, async () => {});
      expect(asked).toMatchObject({ succeeded: false, takenAt: null });
      expect(asked!.outcome).toBe('the projector that owns this projection is busy: nothing was done');
    });

    it('is taken back when the person who waits wants that, unless that projector has begun it', async () => {
      const interrupted = new AbortController();
      const begin = async () => {
        await takeAction(owner, 1, ['orders']);
        interrupted.abort();
      };
      const [begun, withdrawn] = await askOwners(bench.pool, [retry('orders'), retry('search')], {
        tell: (line) => void (line.includes('owns orders') && begin()),
        ...{ takeBack: interrupted.signal, takenWithinMs: 0 },
      });
      expect(begun).toMatchObject({ takenAt: expect.any(Date), doneAt: null });
      expect(withdrawn).toMatchObject({ succeeded: false, takenAt: null });
      expect(withdrawn!.outcome).toBe('withdrawn: nothing was done');
      await finishAction(owner, begun!, { succeeded: true, outcome: 'done' });
    });
  });

  it('does not wait while the owner pauses after a long try of what is parked', async () => {
    const tried = new Wakeup();
    let tries = 0;
    let laterMs = 0;
    const now = performance.now.bind(performance);
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => now() + laterMs);
    const retrier: Pick<ParkedOrderRetrier, 'retry'> = {
      retry: async () => {
        if (++tries === 1) laterMs += 3_600_000; // so long does it take
        tried.wake();
        return { revision: 0, stillParked: null };
      },
    };
    const keeper = new QuarantineKeeper({
      ...{ db: owner, generation: (await activeGeneration(bench.pool))! },
      orders: { quarantine: await OrderQuarantine.load(bench.pool, 1) } as OwnedOrders,
      ...{ retrier: retrier as ParkedOrderRetrier, logger: createLogger('projector', 'silent') },
    });
    const end = new AbortController();
    const running = keeper.run(end.signal);
    try {
      await tried.wait(ENGINES_MS);
      const done = await act(bench, order, { action: 'retry' });
      expect(done).toMatchObject({ succeeded: true, outcome: 'applied up to event 0' });
    } finally {
      end.abort();
      clock.mockRestore();
      await running;
    }
  });
});
