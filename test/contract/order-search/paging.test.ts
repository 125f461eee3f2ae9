import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { instantAt } from '#domain/instant.js';
import type { Order } from '#domain/order/state.js';
import { InvalidCursor } from '#read-models/readers/cursor.js';
import { searchSorts } from '#read-models/readers/order-sort.js';
import type { OrderSearch, OrderSearchQuestion } from '#read-models/search/order-search.js';
import { describeWith } from '../../support/engines.js';
import { searchAdapters, type SearchSubject } from './adapters.js';
import { orderOf, questionOf, type Asked } from './shapes.js';

jest.setTimeout(300_000);

const MANY = 10_000;
const BATCH = 1_000;
const FIRST_MS = Date.UTC(2026, 0, 1);

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

async function allPages(
  search: OrderSearch,
  question: OrderSearchQuestion,
  afterPage: (page: number) => Promise<void> = async () => {},
): Promise<string[]> {
  const seen: string[] = [];
  for (let [page, cursor]: [number, string | null] = [0, null]; ; page++) {
    const { items, nextCursor, total } = await search.search({ ...question, cursor });
    seen.push(...items.map(({ orderId }) => orderId));
    if (nextCursor === null) return seen;
    expect(total).toBe(MANY);
    expect(items).toHaveLength(question.limit);
    cursor = nextCursor;
    await afterPage(page);
  }
}

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
