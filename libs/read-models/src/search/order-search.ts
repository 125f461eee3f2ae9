import type { Audience, OrderFilter } from '../readers/order-filter.js';
import type { Page } from '../readers/order-list.reader.js';
import { OrderSort, type SearchSort } from '../readers/order-sort.js';
import type { SummaryItem } from '../readers/summary-item.js';
import type { Highlight } from './highlights.js';

export const facetNames = [
  'status',
  'paymentStatus',
  'fulfilmentStatus',
  'returnStatus',
  'country',
  'month',
  'currency',
  'totalBand',
] as const;
export type FacetName = (typeof facetNames)[number];

export interface FacetValue {
  /** null: orders that have none. A month is of UTC, as `2011-10`; a band of totals is as `GBP 50-100`. */
  readonly value: string | null;
  readonly orders: number;
}

export interface OrderSearchQuestion {
  readonly audience: Audience;
  readonly filter: OrderFilter;
  /**
   * Words that an order's texts and the names of its people must hold, all of them, in any order and case,
   * with or without accents. The last may be the beginning of a word; a word that no order holds stands for
   * those it resembles in the vocabulary, which has no names of people, numbers and references. Words in double
   * quotes must stand side by side, as they are, in one of the order's texts, such as the name of a line. Where
   * there are only signs, nothing is found.
   */
  readonly text: string | null;
  /** A line's SKU, whole. */
  readonly sku: string | null;
  /** What a line's SKU begins with, as given. */
  readonly skuPrefix: string | null;
  /** What the order's number begins with, in capitals. */
  readonly numberPrefix: string | null;
  /** What the order's reference begins with, as given. */
  readonly referencePrefix: string | null;
  /** The contact's e-mail address, whole. */
  readonly email: string | null;
  readonly facets: readonly FacetName[];
  readonly sort: SearchSort;
  readonly cursor: string | null;
  readonly limit: number;
}

export interface SearchHit extends SummaryItem {
  /** Where its texts hold what was asked for. Names of people are not shown, whoever asks. */
  readonly highlights: readonly Highlight[];
}

export interface OrderSearchPage extends Page<SearchHit> {
  /** How many orders match, on all pages together. */
  readonly total: number;
  /** Over all that match; the most frequent first, months and bands in their order. */
  readonly facets: Readonly<Partial<Record<FacetName, readonly FacetValue[]>>>;
  /** Everything up to this position of the event store is in the index; null: nothing was read yet. */
  readonly indexedThrough: bigint | null;
  /** No event after this position is shown. An index may show some events before it has all up to them. */
  readonly shownThrough: bigint | null;
  /**
   * The number of the last write of rows that is in the index; null: there is no index, and the rows were
   * searched.
   */
  readonly writtenThrough: bigint | null;
}

/** Finds orders by their words and facts. Every adapter finds the same orders, and shows them alike. */
export interface OrderSearch {
  /**
   * @throws InvalidCursor
   * @throws NoActiveGeneration
   * @throws SearchUnavailable when the search engine is away, or has more to do than it can
   */
  search(question: OrderSearchQuestion): Promise<OrderSearchPage>;
}

/** How hits are ordered. A cursor of one engine is good for every other. */
export function searchSortOf(question: OrderSearchQuestion): OrderSort {
  const { sort, filter, text, sku, email, skuPrefix, numberPrefix, referencePrefix } = question;
  return new OrderSort('search', sort, {
    filter,
    text,
    sku,
    email,
    skuPrefix,
    numberPrefix,
    referencePrefix,
  });
}
