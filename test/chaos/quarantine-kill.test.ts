import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { askForAction } from '#read-models/stores/quarantine-actions.store.js';
import { parkedOrders } from '#read-models/stores/quarantine.store.js';
import { WrittenOrder, place, tags } from '../support/order-streams.js';
import { ProjectionBench } from '../support/projections.js';
import { startProjectorProcess } from '../support/projector-process.js';
import { laterCodec, UNKNOWN_TYPE } from '../support/quarantine.js';
import { until } from '../support/until.js';

jest.setTimeout(300_000);

const WRITERS = 6;
const ROUNDS = 3;
const POISON_EVERY = 5;
const EVENTS_EACH_ROUND = 150n;

describe('a projector killed while it parks, tries again and skips', () => {
  let bench: ProjectionBench;
  beforeAll(async () => {
    bench = await ProjectionBench.open();
  });
  afterAll(() => bench.close());

  it('has every event applied or parked, each once, and in the order of its stream', async () => {
    const stop = new AbortController();
    const poisoned: WrittenOrder[] = [];
    const writing = Promise.all(
      Array.from({ length: WRITERS }, () => writeOrders(bench, poisoned, stop.signal)),
    );
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const projector = await startProjectorProcess(bench, { ORDERLOG_LOG_LEVEL: 'fatal' });
        const before = await positionOf(bench);
        await until(
          'some events',
          async () => (await positionOf(bench)) >= before + EVENTS_EACH_ROUND,
          60_000,
        );
        await askForMany(bench); // so that the kill comes in the middle of this work
        const gone = new Promise((resolve) => projector.once('exit', resolve));
        projector.kill('SIGKILL');
        await gone;
        await nothingIsBoth(bench);
      }
    } finally {
      stop.abort();
      await writing;
    }
    expect(poisoned.length).toBeGreaterThan(ROUNDS);
    const after = bench.start();
    await bench.caughtUp(after);
    await until('what was asked for is done', async () => (await openActions(bench)) === 0, 60_000);
    const verified = await bench.verify();
    expect(verified).toMatchObject({ differenceCount: 0, differences: [] });
    const skipped = await bench.rows<{ order_id: string }>('SELECT order_id FROM orderlog.skips');
    expect(skipped.length).toBeGreaterThan(0);
    const stuck = new Set(verified.parkedOrders.map(({ orderId }) => orderId));
    for (const { orderId } of poisoned) {
      expect(stuck.has(orderId)).toBe(!skipped.some((skip) => skip.order_id === orderId));
    }
    await nothingIsBoth(bench);
    await after.stop();
    const release = bench.start({ codec: laterCodec });
    await until('nothing is parked', async () => (await parkedOrders(bench.pool)).length === 0, 60_000);
    await release.stop();
    const revisions = await bench.rows<{ order_id: string; revision: number }>(
      'SELECT order_id, revision FROM gen_1.orders',
    );
    for (const { orderId, order } of poisoned) {
      expect(revisions.find((row) => row.order_id === orderId)?.revision).toBe(order.revision);
    }
  });
});

async function writeOrders(
  bench: ProjectionBench,
  poisoned: WrittenOrder[],
  signal: AbortSignal,
): Promise<void> {
  for (let count = 1; !signal.aborted; count++) {
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order, (count % 20) + 1), tags('gift'));
    if (count % POISON_EVERY === 0) {
      await order.receives({ type: UNKNOWN_TYPE });
      poisoned.push(order);
    }
    await order.isFulfilled();
  }
}

/** Asks for a retry of everything and for a skip of one event. */
async function askForMany(bench: ProjectionBench): Promise<void> {
  const [first] = await until('something is parked', async () => {
    const parked = await parkedOrders(bench.pool);
    return parked.length > 0 && parked;
  });
  const scope = { projection: 'orders', generation: 1, reason: 'the tests', who: 'the tests' };
  const { tenantId, orderId, revision } = first!;
  await askForAction(bench.pool, { ...scope, action: 'skip', tenantId, orderId, revision });
  const all = { tenantId: null, orderId: null, revision: null };
  await askForAction(bench.pool, { ...scope, ...all, action: 'retry_all' });
}

async function openActions(bench: ProjectionBench): Promise<number> {
  const open = await bench.rows('SELECT FROM orderlog.quarantine_actions WHERE done_at IS NULL');
  return open.length;
}

/**
 * No event is both applied and parked, and the checkpoint is past no event that is neither applied, parked nor
 * skipped.
 */
async function nothingIsBoth(bench: ProjectionBench): Promise<void> {
  const both = await bench.rows(
    `SELECT order_id, revision FROM orderlog.quarantine q JOIN gen_1.order_history h USING (tenant_id, order_id, revision)
     WHERE q.projection = 'orders'`,
  );
  expect(both).toEqual([]);
  const [{ position, known }] = (await bench.rows<{ position: string; known: string }>(
    `SELECT (SELECT position FROM orderlog.checkpoints WHERE projection = 'orders') AS position,
       (SELECT count(*) FROM gen_1.order_history) + (SELECT count(*) FROM orderlog.quarantine)
       + (SELECT count(*) FROM orderlog.skips) AS known`,
  )) as [{ position: string; known: string }];
  let seen = 0;
  const abort = new AbortController();
  const all = bench.eventStore.subscribeToAll({ after: null, streamPrefix: 'order-', signal: abort.signal });
  for await (const message of all) {
    if (message.kind === 'caught_up') abort.abort();
    else if (message.kind === 'event' && message.event.position <= BigInt(position)) seen += 1;
  }
  expect(Number(known)).toBeGreaterThanOrEqual(seen);
}

async function positionOf(bench: ProjectionBench): Promise<bigint> {
  const [known] = await bench.rows<{ there: boolean }>(
    `SELECT to_regclass('orderlog.checkpoints') IS NOT NULL AS there`,
  );
  if (!known!.there) return 0n;
  const [row] = await bench.rows<{ position: string }>('SELECT position FROM orderlog.checkpoints');
  return BigInt(row?.position ?? 0);
}
