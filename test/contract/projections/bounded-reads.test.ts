import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { outliveLosses } from '#platform/postgres.js';
import { activeGeneration } from '#read-models/generations/generation.js';
import { readFeed } from '#read-models/readers/event-feed.reader.js';
import { FROM_THE_START, decodeFeedPlace } from '#read-models/readers/feed-place.js';
import { ExportTooSlow, exportOrders } from '#read-models/readers/order-export.reader.js';
import { filterOf } from '#read-models/readers/order-filter.js';
import { readHistory, type HistoryPage } from '#read-models/readers/order-history.reader.js';
import { sumOrders, TooManyGroups } from '#read-models/readers/order-totals.reader.js';
import { ReadModels } from '#read-models/readers/read-models.js';
import { PostgresOrderSearch } from '#read-models/search/postgres-order-search.js';
import { WrittenOrder, place, tags } from '../../support/order-streams.js';
import { questionOf } from '../order-search/shapes.js';
import { ENGINES_MS, ProjectionBench, type RunningProjector } from '../../support/projections.js';

jest.setTimeout(ENGINES_MS);

const ORDERS = 5;
const LOOKED_AT = 3;

describe('what reads take at most', () => {
  let bench: ProjectionBench;
  let running: RunningProjector;

  // Five orders are placed, each with two changes of its tags; one in another tenant beside each.
  beforeAll(async () => {
    bench = await ProjectionBench.open();
    for (let index = 0; index < ORDERS; index++) {
      for (const tenant of ['default', 'demo']) {
        const order = new WrittenOrder(bench.eventStore, tenant);
        await order.does(place(order, 1, { reference: `R${index}` }), tags('a'), tags('b'));
      }
    }
    running = bench.start();
    await bench.caughtUp(running);
  });
  afterAll(() => bench.close());

  const modelsOver = (pool: pg.Pool) => {
    const current = async () => (await activeGeneration(bench.pool))!;
    return new ReadModels(pool, { current, refreshed: current });
  };
  const question = { audience: { tenantId: 'default', customerId: null }, filter: filterOf({}), asOf: null };

  describe('a page of the feed', () => {
    const followed = async (types: readonly string[], limit: number) => {
      const [events, pages]: [string[], number[]] = [[], []];
      for (let place = FROM_THE_START; ;) {
        const asked = { tenantId: 'default', after: place, types, limit };
        const page = await readFeed(modelsOver(bench.pool), asked, LOOKED_AT);
        events.push(...page.items.map(({ type, revision }) => `${type} ${revision}`));
        pages.push(page.items.length);
        if (!page.hasMore) return { events, pages };
        place = decodeFeedPlace(page.next);
      }
    };

    it('ends after a number of events, whether they are of the types asked for or not, and says so', async () => {
      const { events, pages } = await followed(['OrderPlaced'], 100);
      expect(events).toEqual(Array<string>(ORDERS).fill('OrderPlaced 0'));
      expect(pages).toEqual([1, 1, 1, 1, 1, 0]);
      const none = await followed(['OrderCompleted'], 100);
      expect(none).toEqual({ events: [], pages: [0, 0, 0, 0, 0, 0] });
    });

    it('gives every event once where it ends before that', async () => {
      const { events } = await followed(['TagsChanged'], 1);
      expect(events).toEqual(Array.from({ length: ORDERS }, () => ['TagsChanged 1', 'TagsChanged 2']).flat());
    });
  });

  describe('a page of large events or orders', () => {
    const PAGE_MB = 10;
    const large: WrittenOrder[] = [];
    const audience = { tenantId: 'large', customerId: null };

    // Three orders of ten events. Each event has 0.9 MB, and each document 3 MB.
    beforeAll(async () => {
      for (let index = 0; index < 3; index++) {
        const order = new WrittenOrder(bench.eventStore, audience.tenantId);
        await order.does(place(order), ...Array.from({ length: 9 }, (_, at) => tags(`${at}`)));
        large.push(order);
      }
      await bench.caughtUp(running);
      const { schema } = (await activeGeneration(bench.pool))!;
      await bench.rows(`UPDATE ${schema}.order_history SET data = json_build_object('text', repeat('x', 900000))
        WHERE tenant_id = 'large'`);
      await bench.rows(`UPDATE ${schema}.orders
        SET document = document::jsonb || jsonb_build_object('text', repeat('x', 3000000)) WHERE tenant_id = 'large'`);
    });

    const megabytes = (page: unknown) => JSON.stringify(page).length / 1e6;

    it.each([[[]], [['TagsChanged']]])(
      'of the feed ends after some megabytes and says so, for the types %j',
      async (types: string[]) => {
        const seen: string[] = [];
        const pages: number[] = [];
        for (let after = FROM_THE_START; ;) {
          const asked = { tenantId: 'large', after, types, limit: 100 };
          const page = await readFeed(modelsOver(bench.pool), asked);
          expect(megabytes(page)).toBeLessThan(PAGE_MB);
          seen.push(...page.items.map(({ orderId, revision }) => `${orderId} ${revision}`));
          pages.push(page.items.length);
          if (!page.hasMore) break;
          after = decodeFeedPlace(page.next);
        }
        const from = types.length === 0 ? 0 : 1;
        const all = large.flatMap(({ orderId }) =>
          Array.from({ length: 10 - from }, (_, index) => `${orderId} ${index + from}`),
        );
        expect(seen).toEqual(all);
        expect(pages.length).toBeGreaterThan(1);
      },
    );

    it.each([100, 3])(
      'of the history ends after some megabytes, and the next goes on, of %i',
      async (limit) => {
        const seen: unknown[] = [];
        let pages = 0;
        const question = { audience, orderId: large[0]!.orderId, limit, hiddenTypes: [] };
        for (let cursor: string | null = null; ;) {
          const { page }: HistoryPage = (await readHistory(modelsOver(bench.pool), { ...question, cursor }))!;
          expect(megabytes(page)).toBeLessThan(PAGE_MB);
          seen.push(...page.items.map(({ revision, changes }) => [revision, changes['tags']?.to ?? null]));
          pages += 1;
          if (page.nextCursor === null) break;
          cursor = page.nextCursor;
        }
        expect(seen).toEqual(Array.from({ length: 10 }, (_, at) => [at, at === 0 ? [] : [`${at - 1}`]]));
        expect(pages).toBeGreaterThan(1);
      },
    );

    it('of a search is of as many orders as the documents of some megabytes, and the next goes on', async () => {
      const asked = questionOf({ audience, text: 'heart dish', sort: 'placedAt', limit: 100 });
      const search = new PostgresOrderSearch(modelsOver(bench.pool));
      const first = await search.search(asked);
      const { nextCursor } = first;
      const second = await search.search({ ...asked, cursor: nextCursor });
      expect([first.items.length, second.items.length]).toEqual([2, 1]);
      expect([first.total, second.total, second.nextCursor]).toEqual([3, 3, null]);
      const found = [...first.items, ...second.items].map(({ orderId }) => orderId);
      expect(new Set(found)).toEqual(new Set(large.map(({ orderId }) => orderId)));
    });
  });

  it('sums are all of them, or none', async () => {
    const byReference = { ...question, by: 'status', timeZone: 'UTC' } as const;
    const models = modelsOver(bench.pool);
    expect((await sumOrders(models, byReference, 1)).items).toMatchObject([{ orders: ORDERS }]);
    await expect(sumOrders(models, byReference, 0)).rejects.toThrow(new TooManyGroups(0));
  });

  describe('an export', () => {
    let pool: pg.Pool;
    beforeAll(() => {
      pool = new pg.Pool({ connectionString: bench.postgresUrl, max: 1, application_name: 'one export' });
      outliveLosses(pool);
    });
    afterAll(() => pool.end());

    const usable = async () => (await pool.query<{ one: number }>('SELECT 1 AS one')).rows[0]!.one;

    it('gives its connection back although its transaction could not be ended', async () => {
      const batches = exportOrders(modelsOver(pool), question);
      expect((await batches.next()).value).toHaveLength(ORDERS);
      await bench.rows(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'one export'`,
      );
      expect(await batches.next()).toEqual({ value: undefined, done: true });
      expect(await usable()).toBe(1);
    });

    it('is given up, and its connection back, when it is not read in time', async () => {
      let nowMs = 0;
      const batches = exportOrders(modelsOver(pool), question, () => (nowMs += 16 * 60_000));
      await expect(batches.next()).rejects.toThrow(ExportTooSlow);
      expect(await usable()).toBe(1);
    });
  });
});
