import { randomUUID } from 'node:crypto';
import type { Client } from '@elastic/elasticsearch';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Instant } from '#domain/instant.js';
import { storeIdentity, storeMarkOf } from '#event-store/store-identity.js';
import { encodeOrderPosition } from '#platform/order-position.js';
import { listGenerations } from '#read-models/generations/generation-list.js';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';
import type { AppProcess } from '../../support/app-process.js';
import { describeWith, elasticsearchUrl } from '../../support/engines.js';
import { removeIndexes } from '../../support/indexes.js';
import { nextRelease, type NextRelease } from '../../support/next-release.js';
import { place, tags, WrittenOrder } from '../../support/order-streams.js';
import { orderctlOf } from '../../support/orderctl.js';
import { ReleaseProcesses } from '../../support/release-processes.js';
import { repositoryRoot } from '../../support/seeded-tree.js';
import { until } from '../../support/until.js';

// Processes of two releases start here, on a machine that may be busy with others.
jest.setTimeout(600_000);
const LIMIT_MS = 120_000;
const ORDERS = 12;

const SUMMARY = 'libs/read-models/src/order-summary.js';
/** By which the next release alone finds orders that have no reference. */
const WORD = 'unreferenced';

/** An order as a list or a search has it. This release knows no `tagCount`. */
interface Shown {
  readonly orderId: string;
  readonly revision: number;
  readonly tags: readonly string[];
  readonly tagCount?: number | undefined;
}

interface Page {
  readonly items: readonly Shown[];
}

interface History {
  readonly items: readonly { readonly changes: Readonly<Record<string, unknown>> }[];
}

describe('a release with one more column, and with more to be found', () => {
  let next: NextRelease;

  beforeAll(async () => {
    next = await nextRelease(
      {
        file: SUMMARY,
        replaced: `column('lineCount',`,
        by: `column('tagCount', 'tag_count', 'int4'), column('lineCount',`,
      },
      { file: SUMMARY, replaced: 'tags: order.tags,', by: 'tags: order.tags, tagCount: order.tags.length,' },
      {
        file: 'libs/read-models/src/search/order-texts.js',
        replaced: 'reference === null ? []',
        by: `reference === null ? ['${WORD}']`,
      },
    );
  });
  afterAll(() => next.remove());

  /** The way there and back, whatever is searched. @param url of Elasticsearch; null: tables are searched */
  function thereAndBack(url: string | null): void {
    const prefix = `test-${randomUUID().slice(0, 8)}`;
    const engine: Readonly<Record<string, string>> = url === null ? {} : { ORDERLOG_ELASTICSEARCH_URL: url };
    let processes: ReleaseProcesses;
    let orders: WrittenOrder[];
    let filledAt: Instant;
    let asFilled: Shown[];

    beforeAll(async () => {
      processes = await ReleaseProcesses.open({
        projector: url === null ? engine : { ...engine, ORDERLOG_ELASTICSEARCH_INDEX_PREFIX: prefix },
        'query-api': engine,
      });
      orders = [];
      for (let count = 0; count < ORDERS; count++) await placed(...['gift', 'late'].slice(count % 3));
      filledAt = orders.at(-1)!.order.lastOccurredAt;
      asFilled = sorted(orders.map(shown));
    });
    afterAll(async () => {
      await processes.close();
      if (url !== null) await withElasticsearch(url, (client) => removeIndexes(client, prefix));
    });

    const placed = async (...tagged: string[]) => {
      const order = new WrittenOrder(processes.bench.eventStore);
      await order.does(place(order, 2, { reference: null, tags: tagged }));
      orders.push(order);
    };
    /** A new order, and one that has been there from the beginning changes the number of its tags. */
    const goesOn = async (index: number, ...tagged: string[]) => {
      await placed(...tagged);
      await orders[index]!.does(tags(...tagged));
    };
    const start = async (root: string) => {
      const api = await processes.start(root, 'query-api');
      // Its own read models are not there, or are behind those that are read.
      expect(await api.isReady()).toBe(false);
      const projector = await processes.start(root, 'projector');
      await until('it is ready', () => api.isReady(), LIMIT_MS);
      return { projector, api };
    };
    const stop = async (...apps: AppProcess[]) => {
      for (const app of apps) expect(await processes.stop(app)).toBe(0);
    };

    /** What is answered once that shows everything in the store. */
    async function ask<Answer>(api: AppProcess, path: string, body?: object): Promise<Answer> {
      const { eventStore } = processes.bench;
      const position = (await eventStore.headPosition())!;
      const store = storeMarkOf(await storeIdentity(eventStore));
      return until(
        `${path} shows everything`,
        async () => {
          const response = await fetch(api.url + path, {
            method: body === undefined ? 'GET' : 'POST',
            headers: {
              authorization: `Bearer ${processes.token}`,
              'content-type': 'application/json',
              'consistent-with': encodeOrderPosition({ position, store, orderId: null, revision: null }),
            },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          });
          const answer = (await response.json()) as Answer;
          if (![200, 503].includes(response.status)) throw new Error(JSON.stringify(answer));
          return response.ok && answer;
        },
        LIMIT_MS,
      );
    }

    const page = async (api: AppProcess, path: string, body?: object) =>
      sorted(
        (await ask<Page>(api, path, body)).items.map(({ orderId, revision, tags, tagCount }) => ({
          ...{ orderId, revision, tags, tagCount },
        })),
      );
    const search = (api: AppProcess, text: string | null) =>
      page(api, '/v1/orders/search', { text, limit: 100 });

    /** Everything, in the form of one release and without a trace of the other one's. */
    async function answersInFormOf(release: 'this' | 'next', api: AppProcess): Promise<void> {
      const formed = (all: readonly Shown[]) =>
        all.map((one) => (release === 'next' ? { ...one, tagCount: one.tags.length } : one));
      const all = formed(sorted(orders.map(shown)));
      expect(await page(api, '/v1/orders?limit=100')).toEqual(all);
      expect(await page(api, `/v1/orders?limit=100&asOf=${filledAt}`)).toEqual(formed(asFilled));
      expect(await search(api, null)).toEqual(all);
      expect(await search(api, WORD)).toEqual(release === 'next' ? all : []);
      for (const order of orders.filter(({ order: { revision } }) => revision > 0)) {
        const { items } = await ask<History>(api, `/v1/orders/${order.orderId}/history?limit=100`);
        const counted = items.map(({ changes }) => 'tagCount' in changes);
        expect(counted.slice(1)).toEqual(items.slice(1).map(() => release === 'next'));
      }
    }

    const generations = async () =>
      (await listGenerations(processes.bench.pool)).map(({ id, fingerprint, role, madeBy }) => ({
        ...{ id, role, madeBy },
        release:
          fingerprint === next.fingerprints[url === null ? 'postgres' : 'elasticsearch'] ? 'next' : 'this',
      }));

    const areUpToDate = async () => {
      const head = (await processes.bench.eventStore.headPosition())!;
      const all = await listGenerations(processes.bench.pool);
      return all
        .filter(({ id }) => id > 1)
        .every(({ position, searchPosition }) => ((url === null ? position : searchPosition) ?? -1n) >= head);
    };

    it('builds a generation of its own beside this one, in bulk too, and this one takes its place again', async () => {
      const old = await start(repositoryRoot);
      await answersInFormOf('this', old.api);

      const upgraded = await start(next.root);
      await answersInFormOf('this', old.api);
      await answersInFormOf('next', upgraded.api);
      await goesOn(0, 'a', 'b', 'c');
      await answersInFormOf('this', old.api);
      await answersInFormOf('next', upgraded.api);

      const replayed = await orderctlOf(
        next.root,
        {
          ...engine,
          ORDERLOG_POSTGRES_URL: processes.bench.postgresUrl,
          ORDERLOG_EVENT_STORE_URL: processes.bench.eventStoreUrl,
        },
        'replay',
      );
      expect(replayed).toMatchObject({ code: 0 });
      expect(await generations()).toEqual([
        { id: 1, role: null, madeBy: 'projector', release: 'this' },
        { id: 2, role: 'previous', madeBy: 'projector', release: 'next' },
        { id: 3, role: 'active', madeBy: 'replay', release: 'next' },
      ]);
      await answersInFormOf('next', upgraded.api);
      await goesOn(1, 'd', 'e');
      await answersInFormOf('this', old.api);
      await answersInFormOf('next', upgraded.api);

      await stop(old.api, old.projector);
      await goesOn(2, 'f', 'g', 'h');
      await answersInFormOf('next', upgraded.api);
      await until('both of its generations have everything', areUpToDate, LIMIT_MS);
      await stop(upgraded.projector);

      const back = await start(repositoryRoot);
      await answersInFormOf('this', back.api);
      await stop(upgraded.api);
      await until(
        'the flip back',
        async () => (await generations()).some(({ id, role }) => id === 1 && role === 'active'),
        LIMIT_MS,
      );
      await goesOn(3, 'i', 'j', 'k');
      await answersInFormOf('this', back.api);
      await stop(back.api, back.projector);
    });

    it('keeps the column, and what is found by it, in its own tables', async () => {
      const { bench } = processes;
      const columns = await bench.rows<{ schema: string; table: string }>(
        `SELECT table_schema AS schema, table_name AS "table" FROM information_schema.columns
         WHERE column_name = 'tag_count' ORDER BY 1, 2`,
      );
      expect(columns.map(({ schema, table }) => `${schema}.${table}`)).toEqual(
        ['gen_2', 'gen_3'].flatMap((schema) => [`${schema}.order_history`, `${schema}.orders`]),
      );
      for (const { schema, table } of columns) {
        const counted = await bench.rows<{ rows: number; right: number }>(
          `SELECT count(*)::int AS rows, count(*) FILTER (WHERE tag_count = cardinality(tags))::int AS right
           FROM ${schema}.${table}`,
        );
        // Each of three times an order was placed and another one changed.
        const rows = ORDERS + (table === 'orders' ? 3 : 6);
        expect(counted).toEqual([{ rows, right: rows }]);
      }
    });

    if (url === null) return;

    it('keeps documents of each form in an index of their own', async () => {
      const indexes = (await listGenerations(processes.bench.pool)).map(({ searchIndex }) => searchIndex!);
      const found = await withElasticsearch(url, (client) =>
        Promise.all(
          indexes.map(async (index) => {
            await client.indices.refresh({ index });
            const { [index]: of } = await client.indices.getMapping({ index });
            const counted = await client.count({ index, query: { exists: { field: 'tagCount' } } });
            const worded = await client.count({ index, query: { term: { words: WORD } } });
            return {
              mapped: of!.mappings.properties!['tagCount']?.type,
              counted: counted.count,
              worded: worded.count,
            };
          }),
        ),
      );
      const ofNext = { mapped: 'integer', counted: ORDERS + 3, worded: ORDERS + 3 };
      expect(found).toEqual([{ mapped: undefined, counted: 0, worded: 0 }, ofNext, ofNext]);
    });
  }

  describeWith([], 'where tables are searched', () => thereAndBack(null));
  describeWith('elasticsearch', 'where an index is searched', () => thereAndBack(elasticsearchUrl()));
});

function shown({ orderId, order: { revision, tags } }: WrittenOrder): Shown {
  return { orderId, revision, tags };
}

function sorted(all: readonly Shown[]): Shown[] {
  return all.toSorted((one, other) => (one.orderId < other.orderId ? -1 : 1));
}

async function withElasticsearch<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = createElasticsearchClient({ url, apiKey: null, caFile: null });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
