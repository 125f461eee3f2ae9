import { foundByOf, personalWordsOf } from '../search/search-document.js';
import type { SearchRow } from '../search-row.js';
import { arrayLiteral } from './binary-array.js';

/** What documents of an index are made of, in the order of `batchColumns.indexed`. */
export function indexedValues(row: SearchRow): unknown[] {
  const { tenantId, orderId, revision } = row;
  return [tenantId, orderId, revision, JSON.stringify(foundByOf(row)), JSON.stringify(personalWordsOf(row))];
}

/** What is searched in PostgreSQL, in the order of `batchColumns.search`. */
export function searchedValues(row: SearchRow): unknown[] {
  const { tenantId, orderId, revision, vocabulary, ownWords, skus, personal } = row;
  const words = [...vocabulary, ...ownWords].join(' ');
  return [
    ...[tenantId, orderId, revision, words, arrayLiteral(skus)],
    ...[joinedPhrases(row), JSON.stringify(personal)],
  ];
}

/**
 * The phrases as one text, in which every word has a blank on either side, as the LIKE pattern of a phrase expects.
 * ` | ` keeps a phrase from matching across two texts.
 */
export function joinedPhrases({ phrases }: SearchRow): string {
  return ` ${phrases.join(' | ')} `;
}
