import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { Client } from '@elastic/elasticsearch';
import type pg from 'pg';
import { createLogger } from '#platform/logging.js';
import { rollback } from '#projections/generations/flip.js';
import { replay } from '#projections/replay/replay.js';
import { listGenerations } from '#read-models/generations/generation-list.js';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';
import { caughtUpAnswer } from '../../support/caught-up-answer.js';
import { testPool } from '../../support/database.js';
import { describeWith, elasticsearchUrl } from '../../support/engines.js';
import { removeIndexes } from '../../support/indexes.js';
import { place, tags, WrittenOrder } from '../../support/order-streams.js';
import { startTestQuerySystem, type QueryAnswer, type TestQuerySystem } from '../../support/query-api.js';
import { until } from '../../support/until.js';

// Whole systems start here, on a machine that may be busy with others.
jest.setTimeout(300_000);

const ORDERS = 40;
/** Of each reader, after each flip. */
const MORE_READS = 10;
const PATIENCE_MS = 60_000;

type Search = (body: object, headers?: Readonly<Record<string, string>>) => Promise<QueryAnswer>;

describeWith('elasticsearch', 'flips from one index to another under load, with two query-apis', () => {
  const prefix = `test-${randomUUID().slice(0, 8)}`;
  let system: TestQuerySystem;
  let client: Client;
  let pool: pg.Pool;
  let searches: Search[];
  let hot: WrittenOrder;

  beforeAll(async () => {
    system = await startTestQuerySystem(elasticsearchUrl());
    client = createElasticsearchClient({ url: elasticsearchUrl()!, apiKey: null, caFile: null });
    pool = testPool(system.postgresUrl, 4);
    const asks = [system.ask.bind(system), (await system.another()).ask];
    searches = asks.map(
      (ask): Search =>
        (body, headers = {}) =>
          ask('/v1/orders/search', { method: 'POST', body, headers }),
    );
    hot = new WrittenOrder(system.eventStore);
    await hot.does(place(hot));
    for (let count = 1; count < ORDERS; count++) {
      const order = new WrittenOrder(system.eventStore);
      await order.does(place(order));
    }
    system.startProjector(prefix);
    const fresh = await system.upToDate();
    for (const search of searches) {
      await until('all is found', async () => (await search({}, fresh)).status === 200, PATIENCE_MS);
    }
  });
  afterAll(async () => {
    await pool.end();
    await system.close();
    await removeIndexes(client, prefix);
    await client.close();
  });

  const rebuild = (searchOnly: boolean) =>
    replay({
      ...{ eventStore: system.eventStore, postgresUrl: system.postgresUrl, elasticsearch: client },
      logger: createLogger('replay', 'silent'),
      request: { searchOnly, sample: null, throttle: null, keep: false },
      signal: new AbortController().signal,
    });
  const back = () => rollback({ pool, elasticsearch: client, patienceMs: PATIENCE_MS });
  const activeIndex = async () =>
    (await listGenerations(pool)).find(({ role }) => role === 'active')!.searchIndex!;

  it('fail no search, lose no order from its pages, and are never indexed less far than before', async () => {
    const failures: string[] = [];
    const reads = new Map<string, number>();
    const indexes = [await activeIndex()];
    let ended = false;
    const load = [
      writing(),
      ...searches.map((search, index) => withoutToken(`reader of ${index}`, search)),
      withTokens('reader of both'),
      paging(),
    ];
    try {
      for (const flip of [() => rebuild(false), back, back, () => rebuild(true), back, back]) {
        await flip();
        indexes.push(await activeIndex());
        const seen = new Map(reads);
        const haveReadMore = () =>
          [...reads].every(([who, count]) => count >= (seen.get(who) ?? 0) + MORE_READS);
        await until('all have read more', haveReadMore, PATIENCE_MS);
      }
    } finally {
      ended = true;
      await Promise.all(load);
    }
    expect(failures).toEqual([]);
    const [first, whole, , , alone] = indexes;
    expect(indexes).toEqual([first, whole, first, whole, alone, whole, alone]);
    expect(new Set(indexes).size).toBe(3);
    // What no flip goes back to is gone.
    expect(Object.keys(await client.indices.get({ index: `${prefix}*` })).sort()).toEqual(
      [whole, alone].sort(),
    );

    async function writing(): Promise<void> {
      for (let count = 0; !ended; count++) {
        await hot.does(tags(`t${count}`));
        // More than a few would only wait for one another, on a machine that may be busy.
        const readsBefore = reads.get('reader of 0') ?? 0;
        await until(
          'somebody has read',
          () => ended || (reads.get('reader of 0') ?? 0) > readsBefore,
          PATIENCE_MS,
        );
      }
    }

    function check(who: string, answer: QueryAnswer, least: number): number {
      reads.set(who, (reads.get(who) ?? 0) + 1);
      const [item] = (answer.body['items'] ?? []) as { revision: number }[];
      if (answer.status !== 200) failures.push(`${who}: ${answer.status} ${answer.text.slice(0, 200)}`);
      else if (item === undefined) failures.push(`${who}: the order is not found`);
      else if (item.revision < least) failures.push(`${who}: revision ${item.revision} after ${least}`);
      return Math.max(item?.revision ?? 0, least);
    }

    /** Asks always the same one. */
    async function withoutToken(who: string, search: Search): Promise<void> {
      let [indexed, least] = [-1n, 0];
      while (!ended) {
        const answer = await search({ filters: { number: hot.order.number } });
        least = check(who, answer, least);
        const through = BigInt((answer.body['indexedThrough'] ?? -1) as string);
        if (through < indexed) failures.push(`${who}: indexed through ${through} after ${indexed}`);
        indexed = through;
      }
    }

    /** Asks either, with the last token that it saw. */
    async function withTokens(who: string): Promise<void> {
      let least = 0;
      let headers: Record<string, string> = {};
      for (let turn = 0; !ended; turn++) {
        const search = searches[turn % searches.length]!;
        const answer = await caughtUpAnswer(() => search({ filters: { number: hot.order.number } }, headers));
        least = check(who, answer, least);
        const token = answer.headers.get('order-position');
        if (token !== null) headers = { 'consistent-with': token };
      }
    }

    /** Goes through all pages again and again, each page from the other one. */
    async function paging(): Promise<void> {
      while (!ended) {
        const seen = new Set<string>();
        let cursor: string | null = null;
        do {
          const body: object = { sort: 'placedAt', limit: 7, ...(cursor === null ? {} : { cursor }) };
          const page: QueryAnswer = await searches[seen.size % searches.length]!(body);
          if (page.status !== 200) failures.push(`pages: ${page.status} ${page.text.slice(0, 200)}`);
          for (const { orderId } of (page.body['items'] ?? []) as { orderId: string }[]) seen.add(orderId);
          cursor = (page.body['nextCursor'] ?? null) as string | null;
        } while (cursor !== null);
        if (seen.size !== ORDERS) failures.push(`pages: ${seen.size} orders instead of ${ORDERS}`);
        reads.set('pages', (reads.get('pages') ?? 0) + MORE_READS);
      }
    }
  });
});
