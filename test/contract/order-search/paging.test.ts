import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { instantAt } from '#domain/instant.js';
import type { Order } from '#domain/order/state.js';
import { InvalidCursor } from '#read-models/readers/cursor.js';
import { searchSorts } from '#read-models/readers/order-sort.js';
import type { OrderSearch, OrderSearchPage, OrderSearchQuestion } from '#read-models/search/order-search.js';
import { describeWith } from '../../support/engines.js';
import { searchAdapters, type SearchSubject } from './adapters.js';
import { orderOf, questionOf, type Asked } from './shapes.js';

jest.setTimeout(300_000);

const MANY = 10_000;
const BATCH = 1_000;
const FIRST_MS = Date.UTC(2026, 0, 1);

/** Orders that change between their pages: some of every kind after each. */
const FEW = 99;
const PER_PAGE = 9;
const ROUNDS = FEW / PER_PAGE;

/** Orders of one shape; many at the same moment, so that their ids have to tell them apart. */
async function manyOrders(count: number): Promise<Order[]> {
  const one = await orderOf({ ref: 'P', names: ['Party bunting'] });
  return Array.from({ length: count }, (_, index) => ({
    ...one,
    orderId: randomUUID(),
    reference: `P${index}`,
    placedAt: instantAt(FIRST_MS + Math.floor(index / 7) * 1_000),
    lines: [{ ...one.lines[0]!, unitPriceMinor: index % 50 }],
  }));
}

interface ChangingOrder {
  readonly order: Order;
  /** When its turn comes. Each is written again, also one that stays. */
  readonly does: 'stay' | 'leave' | 'move';
}

async function changingOrders(tenantId: string): Promise<ChangingOrder[]> {
  const orders = await manyOrders(FEW);
  return orders.map((order, at) => ({
    order: withLines({ ...order, tenantId }, Math.floor(at / 4) % 2 === 0 ? 1 : 3),
    does: (['stay', 'leave', 'stay', 'move'] as const)[at % 4]!,
  }));
}

/** Its lines are what it is sorted by, by relevance, and its total. */
function withLines(order: Order, count: number): Order {
  const line = { ...order.lines[0]!, unitPriceMinor: order.lines[0]!.unitPriceMinor + 1 };
  return { ...order, lines: Array.from({ length: count }, () => ({ ...line, lineId: randomUUID() })) };
}

function changedOrder({ order, does }: ChangingOrder): Order {
  const written = { ...order, revision: order.revision + 1 };
  if (does === 'leave') return { ...written, onHold: true };
  if (does === 'move') return withLines(written, order.lines.length === 1 ? 3 : 1);
  return { ...written, tags: ['seen'] };
}

/** Spread over the whole order of each sort. */
function newOrders(like: Order, round: number): Order[] {
  return [-1 - round, round, FEW + round].map((at) =>
    withLines(
      {
        ...like,
        orderId: randomUUID(),
        placedAt: instantAt(FIRST_MS + at * 1_000),
        lines: [{ ...like.lines[0]!, unitPriceMinor: Math.max(0, at) }],
      },
      at < 0 ? 1 : at < FEW ? 2 : 4,
    ),
  );
}

async function* pagesOf(search: OrderSearch, question: OrderSearchQuestion) {
  for (let cursor: string | null = null; ;) {
    const page: OrderSearchPage = await search.search({ ...question, cursor });
    yield page;
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
}

async function allPages(
  search: OrderSearch,
  question: OrderSearchQuestion,
  afterPage: (page: number) => Promise<void> = async () => {},
): Promise<string[]> {
  const seen: string[] = [];
  let page = 0;
  for await (const { items, nextCursor, total } of pagesOf(search, question)) {
    seen.push(...idsOf(items));
    if (nextCursor === null) break;
    expect(total).toBe(MANY);
    expect(items).toHaveLength(question.limit);
    await afterPage(page++);
  }
  return seen;
}

const idsOf = (items: OrderSearchPage['items']) => items.map(({ orderId }) => orderId);

for (const { name, needs, open } of searchAdapters) {
  describeWith(needs, `paging on ${name}`, () => {
    let subject: SearchSubject;
    let orders: Order[];
    let position = 0n;
    const index = async (some: readonly Order[]) => subject.index(some, ++position);
    const ask = (asked: Asked) => subject.search.search(questionOf(asked));

    beforeAll(async () => {
      subject = await open();
      orders = await manyOrders(MANY);
      for (let at = 0; at < MANY; at += BATCH) await index(orders.slice(at, at + BATCH));
    });
    afterAll(() => subject.close());

    it.each(['relevance', '-total'] as const)('meets each of 10,000 orders once, by %s', async (sort) => {
      const seen = await allPages(subject.search, questionOf({ sort, limit: 100, facets: [] }));
      expect(new Set(seen)).toEqual(new Set(orders.map(({ orderId }) => orderId)));
      expect(seen).toHaveLength(MANY);
    });

    it('meets each once while they are written again between the pages', async () => {
      const rewritten = async (page: number) => {
        const some = orders.filter((_, at) => at % 100 === page % 100);
        await index(some.map((order) => ({ ...order, revision: page + 1, onHold: page % 2 === 0 })));
      };
      const question = questionOf({ text: 'party', sort: '-placedAt', limit: 100, facets: [] });
      const seen = await allPages(subject.search, question, rewritten);
      expect(new Set(seen)).toEqual(new Set(orders.map(({ orderId }) => orderId)));
      expect(seen).toHaveLength(MANY);
    });

    it.each(searchSorts)(
      'meets each that stays as it is once and in order, by %s, though others come, leave and move',
      async (sort) => {
        const tenantId = `changing ${sort}`;
        const few = await changingOrders(tenantId);
        await index(few.map(({ order }) => order));
        const asked: Asked = {
          ...{ audience: { tenantId, customerId: null }, filter: { onHold: false }, text: 'party' },
          ...{ sort, facets: [] },
        };
        // When an order was placed never changes.
        const moves = !sort.endsWith('placedAt');
        const those = (does: readonly ChangingOrder['does'][]) =>
          new Set(few.filter((one) => does.includes(one.does)).map(({ order }) => order.orderId));
        const stay = those(moves ? ['stay'] : ['stay', 'move']);
        const whole = async () => idsOf((await ask({ ...asked, limit: 1_000 })).items);
        const before = (await whole()).filter((id) => stay.has(id));
        expect(before).toHaveLength(stay.size);

        const seen: string[] = [];
        const added = new Set<string>();
        let round = 0;
        for await (const { items } of pagesOf(subject.search, questionOf({ ...asked, limit: PER_PAGE }))) {
          seen.push(...idsOf(items));
          const changed = few.filter((_, at) => at % ROUNDS === round).map(changedOrder);
          const more = round < ROUNDS ? newOrders(few[0]!.order, round) : [];
          for (const { orderId } of more) added.add(orderId);
          await index([...changed, ...more]);
          round += 1;
        }
        expect(seen.filter((id) => stay.has(id))).toEqual(before);
        expect((await whole()).filter((id) => stay.has(id))).toEqual(before);
        for (const others of [those(['leave']), added]) {
          const met = seen.filter((id) => others.has(id));
          expect(new Set(met).size).toBe(met.length);
          expect(met.length).toBeGreaterThan(0);
          expect(met.length).toBeLessThan(others.size);
        }
      },
    );

    it('gives as many as asked for, and says whether there are more', async () => {
      const filter = { reference: 'P1' };
      expect(await ask({ filter, limit: 1 })).toMatchObject({
        items: [{ reference: 'P1' }],
        nextCursor: null,
      });
      expect((await ask({ limit: 100 })).items).toHaveLength(100);
      expect((await ask({ limit: 1 })).nextCursor).not.toBeNull();
    });

    it('refuses a cursor that is made up or of another question', async () => {
      const { nextCursor } = await ask({ text: 'party', limit: 1 });
      expect(nextCursor).not.toBeNull();
      await expect(ask({ text: 'bunting', cursor: nextCursor })).rejects.toThrow(InvalidCursor);
      await expect(ask({ text: 'party', cursor: nextCursor, sort: 'total' })).rejects.toThrow(InvalidCursor);
      await expect(ask({ text: 'party', cursor: nextCursor, skuPrefix: 'S' })).rejects.toThrow(InvalidCursor);
      await expect(ask({ cursor: 'bm9uZQ' })).rejects.toThrow(InvalidCursor);
    });
  });
}

describeWith(['elasticsearch'], 'a cursor', () => {
  describe.each(searchSorts)('by %s', (sort) => {
    it('that one engine made goes on in another', async () => {
      const subjects = await Promise.all(searchAdapters.map(({ open }) => open()));
      try {
        const orders = await manyOrders(30);
        await Promise.all(subjects.map((subject) => subject.index(orders, 1n)));
        const whole = await subjects[0]!.search.search(questionOf({ sort, limit: 100 }));
        const seen: string[] = [];
        let cursor: string | null = null;
        for (let turn = 0; turn === 0 || cursor !== null; turn++) {
          const { search } = subjects[turn % subjects.length]!;
          const page = await search.search(questionOf({ sort, limit: 4, cursor }));
          seen.push(...page.items.map(({ orderId }) => orderId));
          cursor = page.nextCursor;
        }
        expect(seen).toEqual(whole.items.map(({ orderId }) => orderId));
      } finally {
        await Promise.all(subjects.map((subject) => subject.close()));
      }
    });
  });
});
