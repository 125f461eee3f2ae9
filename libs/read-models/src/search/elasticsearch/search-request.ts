import type { estypes } from '@elastic/elasticsearch';
import type { OrderSort } from '../../readers/order-sort.js';
import { itemColumns } from '../../readers/summary-item.js';
import type { FacetName, OrderSearchQuestion } from '../order-search.js';
import { orderIdHalves } from '../order-id-halves.js';
import type { SearchTerm } from '../search-terms.js';
import type { SearchText } from '../search-text.js';
import { filterQueries } from './filter-queries.js';
import { ownAggregation } from './seen-index.js';
import { wordQueries } from './word-queries.js';

type Aggregation = estypes.AggregationsAggregationContainer;

/** More values than any facet has. */
const MAX_FACET_VALUES = 10_000;

const HALVES = ['orderIdHigh', 'orderIdLow'] as const;

const itemFields = itemColumns.map(({ field }) => field);

/** The page, the facets over all that matches and how far the index is: of one shard, at one moment. */
export function searchRequest(
  question: OrderSearchQuestion,
  text: SearchText,
  terms: readonly SearchTerm[],
  sort: OrderSort,
  withTexts: boolean,
): estypes.SearchRequest {
  const { audience, filter, facets, cursor, limit } = question;
  return {
    query: {
      bool: { filter: [...filterQueries(audience, filter), ...wordQueries(question, text, terms)] },
    },
    sort: sort.fields.flatMap(sortedBy),
    ...(cursor === null ? {} : { search_after: placeOf(sort, cursor) }),
    size: limit + 1, // one more than asked for tells whether there is a next page
    track_total_hits: true,
    _source: { includes: withTexts ? [...itemFields, 'texts'] : itemFields },
    aggregations: {
      ...Object.fromEntries(facets.map((name) => [name, facetOf(name)])),
      ...ownAggregation,
    },
  };
}

/**
 * Sorts by the id's halves in place of the id. Orders are indexed in the order of their times, so in a search for
 * the newest each document is a better hit than all before it, and its whole sort key is kept: for a text, that
 * means to unpack it.
 */
function sortedBy({ field, descending }: OrderSort['fields'][number]): estypes.SortCombinations[] {
  const direction = descending ? 'desc' : 'asc';
  const fields = field === 'orderId' ? HALVES : [field];
  return fields.map((one) => ({ [one]: direction }));
}

function placeOf(sort: OrderSort, cursor: string): estypes.SortResults {
  const values = sort.fieldsAt(cursor);
  return sort.fields.flatMap(({ field }, index) => {
    if (field !== 'orderId') return [values[index]!];
    const halves = orderIdHalves(values[index] as string);
    return HALVES.map((half) => halves[half]);
  });
}

function facetOf(name: FacetName): Aggregation {
  if (name === 'month') {
    return {
      date_histogram: {
        field: 'placedAt',
        calendar_interval: 'month',
        format: 'yyyy-MM',
        min_doc_count: 1,
      },
    };
  }
  const missing = name === 'country' ? { missing: '' } : {};
  return { terms: { field: name, size: MAX_FACET_VALUES, ...missing } };
}
