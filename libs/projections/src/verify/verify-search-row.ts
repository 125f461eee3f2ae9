import type { Order } from '#domain/order/state.js';
import { foundByOf, personalWordsOf } from '#read-models/search/search-document.js';
import { searchRowOf } from '#read-models/search-row.js';
import { compareJson, compareSets, hidingValues, type Report } from './comparisons.js';
import type { StoredRows } from '#read-models/stores/stored-rows.js';

/** The order, and the revision of its last event that changes its search row. */
export interface SearchedOrder {
  readonly order: Order;
  readonly searchedAt: number;
}

/** Compares the row that PostgreSQL searches in. */
export function compareSearched(
  report: Report,
  searched: SearchedOrder,
  { search, revision }: StoredRows,
): void {
  if (!search) return report('search', '', 'a row', undefined);
  const expected = searchRowOf(searched.order);
  compareSets(report, 'words', [...expected.vocabulary, ...expected.ownWords], search.words);
  compareSets(report, 'skus', expected.skus, search.skus);
  compareSets(report, 'phrases', expected.phrases, search.phrases);
  compareJson(hidingValues(report), 'search', expected.personal, search.personal, 'personal.');
  compareRevision(report, searched.searchedAt, search.revision, revision);
  for (const word of search.unknownWords)
    if (expected.vocabulary.has(word)) report('word', word, word, undefined);
}

/** Compares the row that documents of an index are made of. */
export function compareIndexed(
  report: Report,
  searched: SearchedOrder,
  { indexed, revision }: StoredRows,
): void {
  if (!indexed) return report('search', '', 'a row', undefined);
  const expected = searchRowOf(searched.order);
  compareJson(report, 'search', foundByOf(expected), indexed.foundBy, 'found_by.');
  compareJson(hidingValues(report), 'search', personalWordsOf(expected), indexed.personal, 'personal.');
  compareRevision(report, searched.searchedAt, indexed.revision, revision);
}

/** The row is written with the last event that changes it, or with a later one of the same batch. */
function compareRevision(report: Report, searchedAt: number, actual: number, upTo: number): void {
  if (actual < searchedAt || actual > upTo) report('search', 'revision', searchedAt, actual);
}
