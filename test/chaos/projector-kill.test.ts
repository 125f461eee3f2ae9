import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { WrittenOrder, note, place, tags } from '../support/order-streams.js';
import { ProjectionBench } from '../support/projections.js';
import { killed, startProjectorProcess } from '../support/projector-process.js';
import { until } from '../support/until.js';

jest.setTimeout(120_000);

const WRITERS = 8;
const ROUNDS = 3;

describe('a projector killed under load', () => {
  let bench: ProjectionBench;
  beforeAll(async () => {
    bench = await ProjectionBench.open();
  });
  afterAll(() => bench.close());

  it('leaves rows that equal a fresh fold, and goes on from there', async () => {
    const stop = new AbortController();
    const writing = Promise.all(Array.from({ length: WRITERS }, () => writeOrders(bench, stop.signal)));
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const projector = await startProjectorProcess(bench, { ORDERLOG_LOG_LEVEL: 'warn' });
        const before = await positionOf(bench);
        // It is killed in the middle of its work: some batches are written, and more are under way.
        await until('100 more events', async () => (await positionOf(bench)) >= before + 100n, 60_000);
        await killed(projector);
      }
    } finally {
      stop.abort();
      await writing;
    }
    const last = bench.start();
    await bench.caughtUp(last);
    expect(last.projector.progress.totals).toMatchObject({ duplicates: 0, filled: 0 });
    await last.stop();
    const result = await bench.verify();
    expect(result).toMatchObject({ differenceCount: 0, differences: [] });
    expect(result.events).toBeGreaterThan(ROUNDS * 100);
  });
});

async function writeOrders(bench: ProjectionBench, signal: AbortSignal): Promise<void> {
  for (let lines = 1; !signal.aborted; lines = (lines % 40) + 1) {
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order, lines), tags('gift'), note('ring twice'));
    await order.isFulfilled();
  }
}

async function positionOf(bench: ProjectionBench): Promise<bigint> {
  const [known] = await bench.rows<{ there: boolean }>(
    `SELECT to_regclass('orderlog.checkpoints') IS NOT NULL AS there`,
  );
  if (!known!.there) return 0n;
  const [row] = await bench.rows<{ position: string }>('SELECT position FROM orderlog.checkpoints');
  return BigInt(row?.position ?? 0);
}
