import { expect } from '@jest/globals';
import { diffOrders } from '#read-models/readers/order-diff-list.reader.js';
import { exportOrders } from '#read-models/readers/order-export.reader.js';
import { listOrders, type Page } from '#read-models/readers/order-list.reader.js';
import { sumOrders } from '#read-models/readers/order-totals.reader.js';
import type { ReadModels } from '#read-models/readers/read-models.js';
import type { SummaryItem } from '#read-models/readers/summary-item.js';
import { facetNames, type OrderSearchPage } from '#read-models/search/order-search.js';
import { searchAsOf } from '#read-models/search/search-as-of.js';
import { foldedDiff, foldedFacet, foldedList, foldedTotals } from '../../support/folded-lists.js';
import type { FoldedOrders } from '../../support/folded-orders.js';
import type { Question } from './questions.js';

/** Every reader's answer against the fold's; tells how many orders the list showed. */
export async function compare(
  models: ReadModels,
  tenantId: string,
  folded: FoldedOrders,
  asked: Question,
): Promise<number> {
  const audience = { tenantId, customerId: asked.customer };
  const numbers = folded.at(null).map(({ item }) => item.number);
  const number =
    asked.numberOf === null ? asked.filter.number : (numbers[asked.numberOf % numbers.length] ?? null);
  const matching = { audience, filter: { ...asked.filter, number }, asOf: asked.asOf };
  const shown = await compareList(models, folded, { ...asked, ...matching });
  await compareSearch(models, folded, { ...asked, ...matching });
  await compareDiff(models, folded, { ...asked, ...matching });
  const totals = { ...matching, by: asked.by, timeZone: asked.timeZone };
  const { items } = await sumOrders(models, totals);
  expect(inAnyOrder(items)).toEqual(inAnyOrder(foldedTotals(folded, totals)));
  return shown;
}

type Matching = Question & Parameters<typeof foldedList>[1];

async function compareList(models: ReadModels, folded: FoldedOrders, asked: Matching): Promise<number> {
  const { audience, filter, asOf, sort, limit } = asked;
  const wanted = foldedList(folded, asked);
  const question = { audience, filter, asOf, sort, limit };
  expect(
    await allPages(async (cursor) => (await listOrders(models, { ...question, cursor })).page, limit),
  ).toEqual(wanted);
  const exported: SummaryItem[] = [];
  for await (const batch of exportOrders(models, { audience, filter, asOf })) exported.push(...batch);
  expect(exported).toEqual(foldedList(folded, { ...asked, sort: 'placedAt' }));
  return wanted.length;
}

async function compareSearch(models: ReadModels, folded: FoldedOrders, asked: Matching): Promise<void> {
  const { audience, filter, asOf, searchSort, limit } = asked;
  const question = { audience, filter, asOf, facets: facetNames, sort: searchSort, limit };
  const wanted = foldedList(folded, { ...asked, sort: searchSort });
  const pages: OrderSearchPage[] = [];
  const found = await allPages(async (cursor) => {
    const page = await searchAsOf(models, { ...question, cursor });
    pages.push(page);
    return page;
  }, limit);
  expect(found).toEqual(wanted.map((item) => ({ ...item, highlights: [] })));
  // Facets and total are of all that match, whichever page they come with.
  for (const { total, facets } of [pages[0]!, pages.at(-1)!]) {
    expect(total).toBe(wanted.length);
    for (const name of facetNames) {
      expect(inAnyOrder(facets[name]!)).toEqual(inAnyOrder(foldedFacet(folded, asked, name)));
    }
  }
}

async function compareDiff(models: ReadModels, folded: FoldedOrders, asked: Matching): Promise<void> {
  const { audience, filter, limit, other } = asked;
  const { clock, at } = asked.asOf;
  const [from, to] = at < other ? [at, other] : [other, at];
  const question = { audience, filter, clock, from, to, limit, cursor: null };
  const differences = await allPages((cursor) => diffOrders(models, { ...question, cursor }), limit);
  expect(differences).toEqual(foldedDiff(folded, question));
}

/** All pages of a question together. Each but the last is full. */
async function allPages<T>(page: (cursor: string | null) => Promise<Page<T>>, limit: number): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: string | null = null; ;) {
    const { items: more, nextCursor }: Page<T> = await page(cursor);
    items.push(...more);
    if (nextCursor === null) return items;
    expect(more).toHaveLength(limit);
    cursor = nextCursor;
  }
}

function inAnyOrder(items: readonly unknown[]): unknown[] {
  return [...items].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
