import { randomUUID } from 'node:crypto';
import { Client } from '@elastic/elasticsearch';
import pg from 'pg';
import type { Order } from '#domain/order/state.js';
import { prepareGeneration } from '#read-models/generations/generation.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import { ReadModels } from '#read-models/readers/read-models.js';
import { ElasticsearchOrderSearch } from '#read-models/search/elasticsearch/elasticsearch-order-search.js';
import {
  createIndex,
  markerDocument,
  MARKER_ID,
} from '#read-models/search/elasticsearch/index-definition.js';
import type { OrderSearch } from '#read-models/search/order-search.js';
import { PostgresOrderSearch } from '#read-models/search/postgres-order-search.js';
import { searchDocumentId, searchDocumentOf } from '#read-models/search/search-document.js';
import { searchRowOf } from '#read-models/search-row.js';
import { OrdersStore } from '#read-models/stores/orders.store.js';
import { freshDatabase } from '../../support/database.js';
import { takeLease } from '../../support/leases.js';
import { elasticsearchUrl, type TestEngine } from '../../support/engines.js';

export interface SearchSubject {
  readonly search: OrderSearch;
  /** Returns once these orders, as they are here, are what search finds. Positions only grow. */
  index(orders: readonly Order[], position: bigint): Promise<void>;
  close(): Promise<void>;
}

interface SearchAdapter {
  readonly name: string;
  readonly needs: readonly TestEngine[];
  readonly open: () => Promise<SearchSubject>;
}

/** Every adapter of the search port, each opened empty. */
export const searchAdapters: readonly SearchAdapter[] = [
  { name: 'PostgreSQL', needs: [], open: openPostgres },
  { name: 'Elasticsearch', needs: ['elasticsearch'], open: () => openElasticsearch(elasticsearchUrl()!) },
];

export async function openPostgres(): Promise<SearchSubject> {
  const database = await freshDatabase();
  const pool = new pg.Pool({ connectionString: database.url, max: 2 });
  pool.on('error', () => {}); // a connection that is ending may still be told that its database goes
  const generation = await prepareGeneration(pool, null);
  const always = async () => generation;
  const models = new ReadModels(pool, { current: always, refreshed: always });
  const client = await pool.connect();
  const token = await takeLease(client, { generation: generation.id, projection: ORDERS_PROJECTION });
  const store = new OrdersStore(client, generation, token);
  return {
    search: new PostgresOrderSearch(models),
    async index(orders, checkpoint) {
      store.begin();
      for (const order of orders)
        store.add({ order, history: [], periodEnd: null, searched: searchRowOf(order) });
      await store.write({ checkpoint });
    },
    async close() {
      client.release();
      await pool.end();
      await database.drop();
    },
  };
}

/** In an index of its own, which goes when it is closed. */
export async function openElasticsearch(node: string): Promise<SearchSubject> {
  const client = new Client({ node });
  const index = `contract-${randomUUID()}`;
  await createIndex(client, index, { refreshInterval: '-1', replicas: 0 });
  const always = async () => index;
  return {
    search: new ElasticsearchOrderSearch(client, { current: always, refreshed: always }),
    async index(orders, position) {
      const versioned = { version: Number(position), version_type: 'external_gte' } as const;
      const operations = orders.flatMap((order) => [
        { index: { _id: searchDocumentId(order), ...versioned } },
        searchDocumentOf(order),
      ]);
      const { items } = operations.length === 0 ? { items: [] } : await client.bulk({ index, operations });
      const refused = items.find((item) => item.index?.error);
      if (refused) throw new Error(JSON.stringify(refused));
      await client.index({
        index,
        id: MARKER_ID,
        document: markerDocument({ position, writeSeq: position }),
        ...versioned,
      });
      await client.indices.refresh({ index });
    },
    async close() {
      await client.indices.delete({ index });
      await client.close();
    },
  };
}
