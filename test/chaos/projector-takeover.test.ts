import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { WrittenOrder, note, place, tags } from '../support/order-streams.js';
import { ProjectionBench } from '../support/projections.js';
import { ProjectorPair } from '../support/projector-pair.js';
import type { ProjectorProcess } from '../support/projector-process.js';
import { until } from '../support/until.js';

jest.setTimeout(300_000);

const WRITERS = 6;
const ROUNDS = 3;
const PATIENCE_MS = 60_000;

describe('a projector that takes over under load', () => {
  let bench: ProjectionBench;
  let pair: ProjectorPair;
  let stopWriting: () => Promise<void>;

  beforeEach(async () => {
    bench = await ProjectionBench.open();
    pair = new ProjectorPair(bench, { ORDERLOG_LOG_LEVEL: 'fatal' });
    const stop = new AbortController();
    const writing = Promise.all(Array.from({ length: WRITERS }, () => writeOrders(bench, stop.signal)));
    stopWriting = async () => {
      stop.abort();
      await writing;
    };
  });
  afterEach(async () => {
    await stopWriting();
    await pair.close();
    await bench.close();
  });

  const position = async () => {
    const [row] = await bench.rows<{ position: string }>(
      `SELECT position FROM orderlog.checkpoints WHERE projection = 'orders'`,
    );
    return BigInt(row?.position ?? 0);
  };
  const moreBy = async (owner: ProjectorProcess) => {
    const before = await position();
    const enough = async () => (await position()) >= before + 50n;
    await until(`50 more events by ${owner.pid}`, enough, PATIENCE_MS);
  };
  /** Both projectors run, and the owner of the projection is at work. */
  const ready = async () => {
    await pair.start();
    const owner = await pair.owner('orders');
    const standby = pair.other(owner);
    await pair.knows(standby, 'orders', ['standby']);
    await moreBy(owner);
    return { owner, standby };
  };
  const rowsAreRight = async () => {
    await stopWriting();
    await pair.close();
    const last = bench.start();
    await bench.caughtUp(last);
    expect(last.projector.progress.totals).toMatchObject({ duplicates: 0, filled: 0 });
    await last.stop();
    expect(await bench.verify()).toMatchObject({ differenceCount: 0, differences: [] });
  };

  it.each(['SIGKILL', 'SIGTERM'] as const)('within seconds after a %s', async (signal) => {
    for (let round = 0; round < ROUNDS; round++) {
      const { owner, standby } = await ready();
      const gone = pair.ended(owner, signal);
      await pair.takesOver(standby, 'orders');
      await moreBy(standby);
      await gone;
    }
    await rowsAreRight();
  });

  it('from one that stands still past its lease, which writes nothing more once it goes on', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { owner, standby } = await ready();
      owner.kill('SIGSTOP');
      await pair.takesOver(standby, 'orders');
      await moreBy(standby);
      owner.kill('SIGCONT');
      const { restarts } = await pair.knows(owner, 'orders', ['standby']);
      expect(restarts.away).toBeGreaterThan(0);
      expect(await pair.owner('orders')).toBe(standby);
    }
    await rowsAreRight();
  });
});

async function writeOrders(bench: ProjectionBench, signal: AbortSignal): Promise<void> {
  for (let lines = 1; !signal.aborted; lines = (lines % 40) + 1) {
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order, lines), tags('gift'), note('ring twice'));
    await order.isFulfilled();
  }
}
