import { ERASED } from '#domain/decider.js';
import type { Order } from '#domain/order/state.js';
import { summaryOf, type OrderSummary } from '../order-summary.js';
import { searchRowOf, type SearchRow } from '../search-row.js';
import { byField, orderTextsOf, type TextsByField } from './order-texts.js';
import { totalBandOf } from './total-bands.js';

/** All that a search engine holds of an order: its summary under the summary's own names, and what it is found by. */
export interface SearchDocument extends OrderSummary {
  readonly totalBand: string;
  readonly words: readonly string[];
  readonly vocabulary: readonly string[];
  readonly phrases: readonly string[];
  readonly skus: readonly string[];
  /** As given, to show where words were found in them. */
  readonly texts: TextsByField;
  /** The only part that names a person; folded. */
  readonly personal: PersonalWords | { readonly erased: true };
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
  const texts = orderTextsOf(order);
  const summary = summaryOf(order);
  const { words, vocabulary, phrases, skus, personal } = searchRowOf(order, texts);
  return {
    ...summary,
    totalBand: totalBandOf(summary.currency, summary.totalMinor),
    words,
    vocabulary: [...vocabulary],
    phrases,
    skus,
    texts: byField(texts),
    personal: personalOf(personal),
  };
}

function personalOf(personal: SearchRow['personal']): SearchDocument['personal'] {
  if (personal === ERASED) return { erased: true };
  return { email: personal.email, names: personal.names?.split(' ') ?? [] };
}
