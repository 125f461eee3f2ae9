import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type pg from 'pg';
import { instantAt } from '#domain/instant.js';
import { clocks } from '#read-models/readers/as-of.js';
import { NO_FILTER } from '#read-models/readers/order-filter.js';
import { listOrders } from '#read-models/readers/order-list.reader.js';
import { sumOrders } from '#read-models/readers/order-totals.reader.js';
import { ReadModels } from '#read-models/readers/read-models.js';
import { place, tags, WrittenOrder } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench, type RunningProjector } from '../../support/projections.js';
import { until } from '../../support/until.js';

jest.setTimeout(2 * ENGINES_MS);

const ANSWER_LIMIT_MS = 1_000;

describe('an owner of the rows whose write gets no answer', () => {
  let bench: ProjectionBench;
  let running: RunningProjector;
  let order: WrittenOrder;
  let locker: pg.PoolClient | null;
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    running = bench.start({ answerLimitMs: ANSWER_LIMIT_MS });
    order = new WrittenOrder(bench.eventStore);
    await order.does(place(order), tags('one'), tags('two'));
    await bench.caughtUp(running);
    locker = null;
  });
  afterEach(async () => {
    locker?.release(true);
    await bench.close();
  });

  /** As an index that somebody makes by hand: nobody can write history meanwhile. */
  async function lockHistory(): Promise<void> {
    locker = await bench.pool.connect();
    await locker.query('BEGIN');
    await locker.query('LOCK TABLE gen_1.order_history IN SHARE MODE');
  }

  const unlockHistory = () => locker!.query('COMMIT');

  async function waiting(): Promise<number> {
    const [row] = await bench.rows<{ sessions: number }>(
      `SELECT count(DISTINCT pid)::int AS sessions FROM pg_locks
       WHERE NOT granted AND relation = 'gen_1.order_history'::regclass`,
    );
    return row!.sessions;
  }

  async function token(): Promise<number> {
    const rows = await bench.rows<{ token: string }>(
      `SELECT token FROM orderlog.leases WHERE generation = 1 AND projection = 'orders'`,
    );
    return Number(rows[0]!.token);
  }

  /** Every reader of the history: two rows without an end would be two orders. */
  async function expectOneOrder(): Promise<void> {
    expect(await bench.verify()).toMatchObject({ orders: 1, differences: [] });
    const read = { id: 1, schema: 'gen_1', rowsOf: 1, searchIndex: null };
    const models = new ReadModels(bench.pool, { current: async () => read, refreshed: async () => read });
    for (const clock of clocks) {
      const at = instantAt(Date.now() + 1_000);
      const asked = { audience: { tenantId: 'default', customerId: null }, filter: NO_FILTER };
      const question = { ...asked, asOf: { clock, at } };
      const firstPage = { ...question, sort: 'placedAt', cursor: null, limit: 10 } as const;
      const { page } = await listOrders(models, firstPage);
      expect(page.items).toMatchObject([{ revision: order.order.revision }]);
      const totals = await sumOrders(models, { ...question, by: null, timeZone: 'UTC' });
      expect(totals.items).toMatchObject([{ orders: 1 }]);
    }
  }

  it('goes on from what became of it, not from what it remembers', async () => {
    await lockHistory();
    await order.does(tags('three'), tags('four'));
    await until('it waits no longer', () => running.projector.engine.restartCount > 0, ENGINES_MS);
    await unlockHistory();
    await bench.caughtUp(running);
    await order.does(tags('five'));
    await bench.caughtUp(running);
    await expectOneOrder();
  });

  it('begins anew, and leaves no statement behind that is written later', async () => {
    await lockHistory();
    const before = await token();
    await order.does(tags('three'), tags('four'));
    await until('it waits for the lock', async () => (await waiting()) > 0);
    await until('it owns the rows anew', async () => (await token()) > before + 1, ENGINES_MS);
    await until('no session of before is left', async () => (await waiting()) === 1, ENGINES_MS);
    await unlockHistory();
    await bench.caughtUp(running);
    await order.does(tags('five'));
    await bench.caughtUp(running);
    await expectOneOrder();
  });
});
