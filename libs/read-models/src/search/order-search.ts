import type { Audience, OrderFilter } from '../readers/order-filter.js';
import type { Page } from '../readers/order-list.reader.js';
import type { SearchSort } from '../readers/order-sort.js';
import type { SummaryItem } from '../readers/summary-item.js';

export const facetNames = [
  'status',
  'paymentStatus',
  'fulfilmentStatus',
  'returnStatus',
  'country',
  'month',
  'currency',
] as const;
export type FacetName = (typeof facetNames)[number];

export interface FacetValue {
  /** null: orders that have none. A month is of UTC, as `2011-10`. */
  readonly value: string | null;
  readonly orders: number;
}

export interface OrderSearchQuestion {
  readonly audience: Audience;
  readonly filter: OrderFilter;
  /**
   * Words that an order's texts must hold, all of them, in any order and case, with or without accents.
   * The last may be the beginning of a word; a word that no order holds stands for those it resembles.
   */
  readonly text: string | null;
  /** A line's SKU, whole. */
  readonly sku: string | null;
  /** The contact's e-mail address, whole. */
  readonly email: string | null;
  readonly facets: readonly FacetName[];
  readonly sort: SearchSort;
  readonly cursor: string | null;
  readonly limit: number;
}

export interface OrderSearchPage extends Page<SummaryItem> {
  /** How many orders match, on all pages together. */
  readonly total: number;
  /** Over all that match; the most frequent first, months in their order. */
  readonly facets: Readonly<Partial<Record<FacetName, readonly FacetValue[]>>>;
  /** Everything up to this position of the event store is in the index; null: nothing was read yet. */
  readonly indexedThrough: bigint | null;
}

/** Finds orders by their words and facts. Every adapter finds the same orders: they share `foldText`. */
export interface OrderSearch {
  /**
   * @throws InvalidCursor
   * @throws NoActiveGeneration
   */
  search(question: OrderSearchQuestion): Promise<OrderSearchPage>;
}

/** What orders are searched in is away or busy: asking again in a while helps. */
export class SearchUnavailable extends Error {}
