import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type pg from 'pg';
import { prepareGeneration } from '#read-models/generations/generation.js';
import { parkedCounts } from '#read-models/stores/parked-counts.js';
import { freshDatabase, testPool } from '../../support/database.js';

jest.setTimeout(60_000);

const EVENTS_OF_EACH = 10;
const ORDERS = 10_000;

describe('what is parked', () => {
  let pool: pg.Pool;
  let close: () => Promise<void>;

  // The order n was parked n minutes after the first, with its second event; one projection has one order more.
  beforeAll(async () => {
    const database = await freshDatabase();
    pool = testPool(database.url, 1);
    close = async () => {
      await pool.end();
      await database.drop();
    };
    await prepareGeneration(pool, null);
    await pool.query(
      `INSERT INTO orderlog.quarantine
         (projection, generation, tenant_id, order_id, revision, reason, kind, parked_at)
       SELECT 'orders', 1, 'default', lpad(n::text, 32, '0')::uuid, revision, 'cannot be read ' || n,
         CASE WHEN revision = 1 THEN 'permanent' ELSE 'behind' END,
         timestamptz '2026-01-01Z' + n * interval '1 minute' + (revision - 1) * interval '1 day'
       FROM generate_series(1, ${ORDERS}) n, generate_series(${EVENTS_OF_EACH}, 1, -1) revision
       UNION ALL SELECT 'search', 1, 'default', lpad('7', 32, '0')::uuid, 3, 'refused', 'permanent', timestamptz '2026-01-02Z'`,
    );
    await pool.query('VACUUM ANALYZE orderlog.quarantine');
  });
  afterAll(() => close());

  const written = async () => {
    await pool.query('SELECT pg_stat_force_next_flush()');
    const { rows } = await pool.query<{ bytes: string }>(
      'SELECT temp_bytes AS bytes FROM pg_stat_database WHERE datname = current_database()',
    );
    return Number(rows[0]!.bytes);
  };

  it('is counted, however much it is, without sorting it all on disk, and told by what waits longest', async () => {
    const before = await written();
    const counts = await parkedCounts(pool, 2);
    expect((await written()) - before).toBe(0);
    const oldest = (n: number) => ({
      tenantId: 'default',
      orderId: `00000000-0000-0000-0000-00000000000${n}`,
      revision: 1,
      reason: `cannot be read ${n}`,
      parkedAt: new Date(Date.UTC(2026, 0, 1, 0, n)),
    });
    expect(counts).toEqual([
      {
        projection: 'orders',
        generation: 1,
        orders: ORDERS,
        events: ORDERS * EVENTS_OF_EACH,
        oldest: [oldest(1), oldest(2)],
      },
      {
        projection: 'search',
        generation: 1,
        orders: 1,
        events: 1,
        oldest: [{ ...oldest(7), revision: 3, reason: 'refused', parkedAt: new Date('2026-01-02') }],
      },
    ]);
  });
});
