import { ERASED } from '#domain/decider.js';
import type { Order } from '#domain/order/state.js';
import { summaryOf, type OrderSummary } from '../order-summary.js';
import { searchRowOf, type SearchRow } from '../search-row.js';
import { orderIdHalves, type OrderIdHalves } from './order-id-halves.js';
import { byField, type TextsByField } from './order-texts.js';
import { totalBandOf } from './total-bands.js';

/** All that a search engine holds of an order: its summary under the summary's own names, and what it is found by. */
export interface SearchDocument extends OrderSummary, OrderIdHalves, FoundBy {
  readonly totalBand: string;
  /** The only part that names a person; in plain words. */
  readonly personal: PersonalWords | { readonly erased: true };
}

/** What an order is found by besides its summary, without personal data. Only events that search sees change it. */
export interface FoundBy {
  /** Words that orders share; with `ownWords`, all that the order is found by. */
  readonly vocabulary: readonly string[];
  readonly ownWords: readonly string[];
  readonly phrases: readonly string[];
  readonly skus: readonly string[];
  /** As given, to show where words were found in them. */
  readonly texts: TextsByField;
}

interface PersonalWords {
  readonly email: string | null;
  /** Distinct words of all names and companies. */
  readonly names: readonly string[];
}

/** The id that a search engine knows an order's document by. */
export function searchDocumentId({ tenantId, orderId }: Pick<Order, 'tenantId' | 'orderId'>): string {
  return `${tenantId}.${orderId}`;
}

export function searchDocumentOf(order: Order): SearchDocument {
  const row = searchRowOf(order);
  return { ...factsOf(summaryOf(order)), ...foundByOf(row), personal: personalWordsOf(row) };
}

export function foundByOf({ vocabulary, ownWords, phrases, skus, texts }: SearchRow): FoundBy {
  return { vocabulary: [...vocabulary], ownWords, phrases, skus, texts: byField(texts) };
}

export function personalWordsOf({ personal }: SearchRow): SearchDocument['personal'] {
  if (personal === ERASED) return { erased: true };
  return { email: personal.email, names: personal.names?.split(' ') ?? [] };
}

/** The part of a document that is made from the summary, not from the search row. */
export function factsOf(summary: OrderSummary) {
  return {
    ...summary,
    ...orderIdHalves(summary.orderId),
    totalBand: totalBandOf(summary.currency, summary.totalMinor),
  };
}
