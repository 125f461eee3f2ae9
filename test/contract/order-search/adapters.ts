import pg from 'pg';
import type { Order } from '#domain/order/state.js';
import { prepareGeneration } from '#read-models/generations.js';
import { ReadModels } from '#read-models/readers/read-models.js';
import type { OrderSearch } from '#read-models/search/order-search.js';
import { PostgresOrderSearch } from '#read-models/search/postgres-order-search.js';
import { searchRowOf } from '#read-models/search-row.js';
import { OrdersStore } from '#read-models/stores/orders-store.js';
import { freshDatabase } from '../../support/database.js';

export interface SearchSubject {
  readonly search: OrderSearch;
  /** Returns once these orders, as they are here, are what search finds. */
  index(orders: readonly Order[], position: bigint): Promise<void>;
  close(): Promise<void>;
}

/** Every adapter of the search port, each opened empty. */
export const searchAdapters: readonly { name: string; open: () => Promise<SearchSubject> }[] = [
  { name: 'PostgreSQL', open: openPostgres },
];

async function openPostgres(): Promise<SearchSubject> {
  const database = await freshDatabase();
  const pool = new pg.Pool({ connectionString: database.url, max: 2 });
  const generation = await prepareGeneration(pool, null);
  const always = async () => generation;
  const models = new ReadModels(pool, { current: always, refreshed: always });
  const client = await pool.connect();
  const store = new OrdersStore(client, generation);
  return {
    search: new PostgresOrderSearch(models),
    async index(orders, checkpoint) {
      const vocabulary = new Map<string, Set<string>>();
      const searched = orders.map((order) => searchRowOf(order));
      for (const row of searched) {
        const known = vocabulary.get(row.tenantId) ?? [];
        vocabulary.set(row.tenantId, new Set([...known, ...row.vocabulary]));
      }
      await store.write({ orders, history: [], periodEnds: [], searched, vocabulary, checkpoint });
    },
    async close() {
      client.release();
      await pool.end();
      await database.drop();
    },
  };
}
