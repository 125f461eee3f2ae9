import type { OrderListQuestion } from '#read-models/readers/order-list.reader.js';
import type { DiffListQuestion, SummaryDifference } from '#read-models/readers/order-diff-list.reader.js';
import type { GroupedSums, TotalsQuestion } from '#read-models/readers/order-totals.reader.js';
import type { SummaryItem } from '#read-models/readers/summary-item.js';
import type { FacetName, FacetValue } from '#read-models/search/order-search.js';
import { totalBandOf } from '#read-models/search/total-bands.js';
import { isAsked, sorted, timeOf, type FoldedOrders } from './folded-orders.js';

type Matching = Pick<OrderListQuestion, 'audience' | 'filter' | 'asOf'>;

/** The expected items of all pages of a list. */
export function foldedList(orders: FoldedOrders, question: Matching & { sort: string }): SummaryItem[] {
  return sorted(matching(orders, question), question.sort);
}

function matching(orders: FoldedOrders, { audience, filter, asOf }: Matching): SummaryItem[] {
  return orders
    .at(asOf)
    .filter((moment) => isAsked(moment, audience, filter))
    .map(({ item }) => item);
}

const facetOf: Readonly<Record<FacetName, (item: SummaryItem) => string | null>> = {
  status: (item) => item.status,
  paymentStatus: (item) => item.paymentStatus,
  fulfilmentStatus: (item) => item.fulfilmentStatus,
  returnStatus: (item) => item.returnStatus,
  country: (item) => item.country,
  month: (item) => item.placedAt.slice(0, 7),
  currency: (item) => item.currency,
  totalBand: (item) => totalBandOf(item.currency, item.totalMinor),
};

/** The expected number of orders for each value of a facet, in any order. */
export function foldedFacet(orders: FoldedOrders, question: Matching, name: FacetName): FacetValue[] {
  const groups = grouped(matching(orders, question), facetOf[name]);
  return [...groups].map(([value, items]) => ({ value, orders: items.length }));
}

/** The expected sums for each group and currency, in any order. */
export function foldedTotals(orders: FoldedOrders, question: TotalsQuestion): GroupedSums[] {
  const keyed = matching(orders, question).map((item) => ({ item, key: keyOf(item, question) }));
  const groups = grouped(keyed, ({ item, key }) => JSON.stringify([key, item.currency]));
  return [...groups.values()].map((group) =>
    sumsOf(
      group[0]!.key,
      group.map(({ item }) => item),
    ),
  );
}

function keyOf(item: SummaryItem, { by, timeZone }: TotalsQuestion): string | null {
  if (by === null) return null;
  if (by === 'status' || by === 'country') return item[by];
  // The Swedish format of dates is that of ISO 8601.
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone }).format(new Date(item.placedAt));
  return by === 'day' ? day : day.slice(0, 7);
}

function sumsOf(key: string | null, items: readonly SummaryItem[]): GroupedSums {
  const sum = (value: (item: SummaryItem) => number) => items.reduce((total, item) => total + value(item), 0);
  return {
    key,
    currency: items[0]!.currency,
    orders: items.length,
    guestOrders: sum((item) => (item.customerId === null ? 1 : 0)),
    lines: sum((item) => item.lineCount),
    units: sum((item) => item.unitCount),
    orderedTotalMinor: sum((item) => item.orderedTotalMinor),
    totalMinor: sum((item) => item.totalMinor),
    capturedMinor: sum((item) => item.capturedMinor),
    refundedMinor: sum((item) => item.refundedMinor),
    balanceDueMinor: sum((item) => item.balanceDueMinor),
    returnsClosed: sum((item) => item.returnsClosed),
    ordersWithReturns: sum((item) => (item.returnsClosed > 0 ? 1 : 0)),
    unitsReturned: sum((item) => item.unitsReturned),
  };
}

function grouped<T, K>(items: readonly T[], keyOfItem: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) groups.set(keyOfItem(item), [...(groups.get(keyOfItem(item)) ?? []), item]);
  return groups;
}

/** The expected items of all pages of a diff. */
export function foldedDiff(orders: FoldedOrders, question: DiffListQuestion): SummaryDifference[] {
  const { audience, filter, clock, from, to } = question;
  return orders
    .between({ clock, at: from }, { clock, at: to })
    .filter((pair) => pair.to !== null && pair.from?.item.revision !== pair.to.item.revision)
    .filter((pair) => [pair.from, pair.to].some((moment) => moment && isAsked(moment, audience, filter)))
    .map((pair) => ({ from: pair.from?.item ?? null, to: pair.to!.item, at: timeOf(pair.to!, clock) }))
    .sort((a, b) => (a.at + a.to.orderId < b.at + b.to.orderId ? 1 : -1))
    .map((pair) => ({
      orderId: pair.to.orderId,
      from: pair.from,
      to: pair.to,
      changes: changes(pair.from, pair.to),
    }));
}

function changes(from: SummaryItem | null, to: SummaryItem): SummaryDifference['changes'] {
  const fields = (Object.keys(to) as (keyof SummaryItem)[]).filter(
    (field) => !['orderId', 'revision', 'updatedAt'].includes(field),
  );
  const values = fields.map((field) => [field, { from: from?.[field] ?? null, to: to[field] }] as const);
  return Object.fromEntries(
    values.filter(([, each]) => JSON.stringify(each.from) !== JSON.stringify(each.to)),
  );
}
