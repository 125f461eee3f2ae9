import type { estypes } from '@elastic/elasticsearch';
import type { OrderSort } from '../../readers/order-sort.js';
import { pageOf } from '../../readers/order-list.reader.js';
import { itemColumns, type SummaryItem } from '../../readers/summary-item.js';
import { facetValuesOf } from '../facets.js';
import { highlightsOf, type Sought } from '../highlights.js';
import type { FacetName, FacetValue, OrderSearchPage, SearchHit } from '../order-search.js';
import type { SearchDocument } from '../search-document.js';
import { seenIndex } from './seen-index.js';

/** The part of a document that a search gives back; `texts` only where they were asked for. */
export type FoundDocument = SummaryItem & Partial<Pick<SearchDocument, 'texts'>>;

interface Bucket {
  readonly key: string | number;
  readonly key_as_string?: string;
  readonly doc_count: number;
}

export function searchPageOf(
  answer: estypes.SearchResponse<FoundDocument>,
  facets: readonly FacetName[],
  limit: number,
  sort: OrderSort,
  sought: Sought,
): OrderSearchPage {
  const { hits, aggregations } = answer;
  const { reached, shownThrough } = seenIndex(answer);
  const documents = hits.hits.map(({ _source }) => _source!);
  const { items, nextCursor } = pageOf(documents, limit, (document) => sort.cursorAfter(document));
  const answers = aggregations as unknown as Record<FacetName, { buckets: Bucket[] }>;
  const counted: Partial<Record<FacetName, FacetValue[]>> = {};
  for (const name of facets) counted[name] = facetValuesOf(name, answers[name].buckets.map(countOf));
  return {
    items: items.map((document) => hitOf(document, sought)),
    nextCursor,
    total: (hits.total as estypes.SearchTotalHits).value,
    facets: counted,
    // An index that is being filled has a marker before it has everything up to any position.
    indexedThrough: reached && reached.position >= 0n ? reached.position : null,
    shownThrough: shownThrough < 0n ? null : shownThrough,
    writtenThrough: reached?.writeSeq ?? 0n,
  };
}

/** An order without a value was counted under the empty text, which becomes null. */
function countOf({ key, key_as_string: text, doc_count: orders }: Bucket): [string | null, number] {
  return [(text ?? String(key)) || null, orders];
}

function hitOf(document: FoundDocument, sought: Sought): SearchHit {
  const item = Object.fromEntries(itemColumns.map(({ field }) => [field, document[field]]));
  const highlights = highlightsOf(document.texts ?? {}, sought);
  return { ...(item as unknown as SummaryItem), highlights };
}
