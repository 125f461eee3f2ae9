import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type pg from 'pg';
import { prepareGeneration } from '#read-models/generations/generation.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import { ReadModels } from '#read-models/readers/read-models.js';
import { PostgresOrderSearch } from '#read-models/search/postgres-order-search.js';
import { searchRowOf } from '#read-models/search-row.js';
import { OrdersStore } from '#read-models/stores/orders.store.js';
import { freshDatabase, testPool } from '../../support/database.js';
import { takeLease } from '../../support/leases.js';
import { orderOf, questionOf, type Asked } from './shapes.js';

jest.setTimeout(120_000);

const ORDERS = 10_000;
const ORDERS_OF_ONE = 10;
/** Of the tables and their indexes, for a question that few orders answer. */
const FEW_ROWS = 500;

describe('in a tenant with many orders', () => {
  let pool: pg.Pool;
  let schema: string;
  let search: PostgresOrderSearch;
  let close: () => Promise<void>;

  beforeAll(async () => {
    const database = await freshDatabase();
    pool = testPool(database.url, 1);
    close = async () => {
      await pool.end();
      await database.drop();
    };
    const generation = await prepareGeneration(pool, null);
    schema = generation.schema;
    const always = async () => generation;
    search = new PostgresOrderSearch(new ReadModels(pool, { current: always, refreshed: always }));
    const token = await takeLease(pool, { generation: generation.id, projection: ORDERS_PROJECTION });
    const store = new OrdersStore(pool, generation, token);
    const order = await orderOf({ ref: 'PO-1', names: ['red heart mug'], customer: 'c-0', person: 'Rosa' });
    store.begin();
    store.add({ order, history: [], periodEnd: null, searched: searchRowOf(order) });
    await store.write({ checkpoint: 1n });
    for (const table of ['orders', 'order_search']) {
      await pool.query(
        `INSERT INTO ${schema}.${table} SELECT (jsonb_populate_record(o, jsonb_build_object(
           'order_id', md5(n::text)::uuid ${table === 'orders' ? `, 'customer_id', 'c-' || n / ${ORDERS_OF_ONE}` : ''}
         ))).* FROM ${schema}.${table} o, generate_series(${ORDERS_OF_ONE}, ${ORDERS - 1}) n`,
      );
      await pool.query(`VACUUM ANALYZE ${schema}.${table}`);
    }
  });
  afterAll(() => close());

  /** How many orders a question finds, and how many rows of the tables are read for it. */
  async function asked(question: Asked): Promise<{ found: number; rowsRead: number }> {
    await pool.query('BEGIN'); // what it has read by then is counted at once
    try {
      const before = await rowsRead();
      const { total } = await search.search(questionOf(question));
      return { found: total, rowsRead: (await rowsRead()) - before };
    } finally {
      await pool.query('ROLLBACK');
    }
  }

  async function rowsRead(): Promise<number> {
    const { rows } = await pool.query<{ read: number }>(
      `SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS read FROM pg_stat_xact_user_tables
       WHERE schemaname = $1`,
      [schema],
    );
    return rows[0]!.read;
  }

  it.each<[string, Asked]>([
    ['for words', { text: 'red mug' }],
    ['for a word that is misspelt', { text: 'haert' }],
    ['for a phrase', { text: '"heart mug"' }],
    ['for a name', { text: 'rosa mug' }],
  ])("a search in one customer's orders reads about those, %s", async (_, question) => {
    const own = { audience: { tenantId: 'default', customerId: 'c-7' } };
    const ofOne = { filter: { customerId: 'c-7' } };
    for (const narrowed of [own, ofOne]) {
      const { found, rowsRead } = await asked({ ...question, ...narrowed });
      expect(found).toBe(ORDERS_OF_ONE);
      expect(rowsRead).toBeLessThan(FEW_ROWS);
    }
  });

  it('a word that no order holds is looked up without reading the orders', async () => {
    const { found, rowsRead } = await asked({ text: 'unheard' });
    expect(found).toBe(0);
    expect(rowsRead).toBeLessThan(FEW_ROWS);
  });
});
