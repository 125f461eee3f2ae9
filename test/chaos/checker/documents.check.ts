import { searchDocumentOf } from '#read-models/search/search-document.js';
import { differences } from './equal.js';
import { expectedSummary } from './expected-rows.js';
import type { ColumnValues, DocumentFact, ParkedFact, RowFacts } from './facts.js';
import { firstParked } from './rows.check.js';
import { keyOfRow, type Story } from './story.js';
import type { Report } from './violations.js';

/**
 * I4 in Elasticsearch: each order with a row has its document, of the row's last write, and there are no other
 * documents.
 */
export function checkDocuments(
  documents: readonly DocumentFact[],
  { orders }: RowFacts,
  stories: ReadonlyMap<string, Story>,
  parked: readonly ParkedFact[],
  report: Report,
): void {
  const refused = firstParked(parked, 'search');
  const unprojected = firstParked(parked, 'orders');
  const writes = new Map(orders.map((row) => [keyOfRow(row), row['write_seq']]));
  const byId = new Map(documents.map((document) => [document.id, document]));
  if (byId.size !== documents.length) report('the index', 'has two documents of one id');
  for (const [key, { chapters, tenantId }] of stories) {
    const order = chapters.slice(0, unprojected.get(key)).at(-1)?.order;
    if (!order || refused.has(key)) continue;
    const document = byId.get(key);
    if (!document) {
      report(key, `has ${chapters.length} events, but no document`);
      continue;
    }
    const expected = { ...searchDocumentOf(order), ...expectedSummary(order), tenantId };
    for (const what of differences(unordered(expected), unordered(document.source))) {
      report(key, `document: ${what}`);
    }
    if (String(document.version) !== String(writes.get(key))) {
      report(key, `document is of write ${document.version}, its row of write ${String(writes.get(key))}`);
    }
  }
  for (const id of byId.keys()) if (!stories.has(id)) report(id, 'has a document, but no stream');
}

/** Sorts the lists whose order means nothing. */
function unordered(document: ColumnValues): ColumnValues {
  const lists = ['words', 'vocabulary', 'phrases', 'skus'].map((name) => {
    const list = document[name] as readonly string[] | undefined;
    return [name, list && [...list].sort()];
  });
  return { ...document, ...(Object.fromEntries(lists) as ColumnValues) };
}
