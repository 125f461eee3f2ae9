import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { StoreUnavailable } from '#event-store/errors.js';
import type { OrdersFollowerOptions } from '#projections/orders/orders-follower.js';
import { readModelFingerprints } from '#read-models/read-model-fingerprints.js';
import { checkpointOf } from '#read-models/checkpoints.js';
import { markFailed } from '#read-models/generations/generation-states.js';
import { activeGeneration, createGeneration } from '#read-models/generations/generation.js';
import { WrittenOrder, place, tags } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { startTcpProxy, through } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

jest.setTimeout(ENGINES_MS);

describe('a projector', () => {
  let bench: ProjectionBench;
  beforeAll(async () => {
    bench = await ProjectionBench.open();
  });
  afterEach(() => bench.stopProjectors());
  afterAll(() => bench.close());

  const placed = async (): Promise<WrittenOrder> => {
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order));
    return order;
  };

  it('goes on from its checkpoint', async () => {
    await placed();
    const first = bench.start();
    await bench.caughtUp(first);
    await first.stop();
    await placed();
    const second = bench.start();
    await bench.caughtUp(second);
    expect(second.projector.progress.totals).toMatchObject({ events: 1, duplicates: 0 });
    expect(await bench.verify()).toMatchObject({ differences: [] });
  });

  it('changes nothing when all of it comes again', async () => {
    const order = await placed();
    await order.isFulfilled();
    const first = bench.start();
    await bench.caughtUp(first);
    await first.stop();
    await bench.rows('UPDATE orderlog.checkpoints SET position = 0');
    await order.does(tags('new'));
    const second = bench.start();
    await bench.caughtUp(second);
    const { events, duplicates } = second.projector.progress.totals;
    expect(events - duplicates).toBe(1);
    expect(duplicates).toBeGreaterThan(5);
    expect(await bench.verify()).toMatchObject({ differences: [] });
  });

  it('stands by while another owns the projection, and takes over when that one is gone', async () => {
    const [first, second] = [bench.start(), bench.start()];
    const both = [first, second];
    await until(
      'one owns, one stands by',
      () =>
        both.some((p) => p.projector.state === 'live') && both.some((p) => p.projector.state === 'standby'),
    );
    const [owner, standby] = first.projector.state === 'live' ? [first, second] : [second, first];
    await placed();
    await bench.caughtUp(owner);
    expect(standby.projector.progress.totals.events).toBe(0);
    await owner.stop();
    await until('the standby takes over', () => standby.projector.state === 'live');
    await placed();
    await bench.caughtUp(standby);
    expect(await bench.verify()).toMatchObject({ differences: [] });
  });

  it('writes nothing once its lock is lost, and comes back', async () => {
    const running = bench.start();
    const order = await placed();
    await bench.caughtUp(running);
    await bench.rows(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'orderlog projector orders' AND datname = current_database()`,
    );
    await order.does(tags('written by the new session'));
    await bench.caughtUp(running);
    await until('the projector is live', () => running.projector.state === 'live');
    expect(await bench.verify()).toMatchObject({ differences: [] });
  });

  it('writes in the session that it owns now, also where PostgreSQL lost the last token in a crash', async () => {
    const running = bench.start();
    await placed();
    await bench.caughtUp(running);
    await bench.rows(
      `UPDATE orderlog.leases SET token = token - 1 WHERE generation = $1 AND projection = 'orders'`,
      [running.projector.generation!.id],
    );
    await placed();
    await bench.caughtUp(running);
    expect(running.projector.engine.restarts).toMatchObject({ error: 0 });
    expect(await bench.verify()).toMatchObject({ differences: [] });
  });

  it('goes on, through other connections, where the network swallows the answers on all that it has', async () => {
    const proxy = await startTcpProxy(Number(new URL(bench.postgresUrl).port));
    const postgresUrl = through(proxy, bench.postgresUrl);
    const running = bench.start({ postgresUrl, answerLimitMs: 1_000 });
    try {
      await placed();
      await bench.caughtUp(running);
      proxy.swallowAnswers();
      await placed();
      await bench.caughtUp(running);
    } finally {
      proxy.cut();
      await running.stop();
      await proxy.close();
    }
  });

  it('waits for an event store that is away', async () => {
    let away = true;
    const eventStore: OrdersFollowerOptions['eventStore'] = {
      appendExact: bench.eventStore.appendExact.bind(bench.eventStore),
      headPosition: () => bench.eventStore.headPosition(),
      readStream: bench.eventStore.readStream.bind(bench.eventStore),
      subscribeToAll: (options) => {
        if (away) throw new StoreUnavailable('away');
        return bench.eventStore.subscribeToAll(options);
      },
    };
    const running = bench.start({ eventStore });
    await placed();
    await until('it waits', () => running.projector.state === 'waiting');
    away = false;
    await bench.caughtUp(running);
    await until('the projector is live', () => running.projector.state === 'live');
  });

  it('builds beside the generation of another release, and flips when it has caught up', async () => {
    await placed();
    const old = bench.start();
    await bench.caughtUp(old);
    await old.stop();
    await bench.rows(`UPDATE orderlog.generations SET fingerprint = 'of another release'`);
    expect(await activeGeneration(bench.pool)).toBeNull();
    bench.keep();
    await until('the flip', async () => (await activeGeneration(bench.pool)) !== null, ENGINES_MS);
    expect(await activeGeneration(bench.pool)).toEqual({
      id: 2,
      schema: 'gen_2',
      fingerprint: readModelFingerprints.postgres,
      searchIndex: null,
      rowsOf: 2,
    });
    expect(await bench.verify()).toMatchObject({ generation: 2, differences: [] });
  });

  it('keeps what queries are answered from where the build for another search engine was given up', async () => {
    const tables = bench.keep();
    await until('the rows are read', () => tables.keeper.target.orders.state === 'live');
    const active = (await activeGeneration(bench.pool))!;
    await tables.stop();
    const another = { indexPrefix: 'given-up', madeBy: 'projector' } as const;
    const { id } = await createGeneration(bench.pool, another);
    await markFailed(bench.pool, { id }, 'a document is not as its row makes it');

    await placed();
    const head = (await bench.eventStore.headPosition())!;
    const { target } = bench.keep({ indexPrefix: another.indexPrefix }).keeper;
    await until(
      'they have what is new',
      async () => (await checkpointOf(bench.pool, active.rowsOf, 'orders'))! >= head,
    );
    expect(await activeGeneration(bench.pool)).toEqual(active);
    expect(target.orders).toMatchObject({
      state: 'failing',
      lastError: expect.stringMatching(
        `^generation ${id} failed: a document .*orderctl generations drop ${id}`,
      ),
    });
  });
});
