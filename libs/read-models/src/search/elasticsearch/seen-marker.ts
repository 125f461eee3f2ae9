import type { estypes } from '@elastic/elasticsearch';
import { reachedOf, type IndexReached, type MarkerDocument } from './index-definition.js';

/** Of every request that has to know how far the index was when it was searched. */
export const markerAggregation = { marker: markerOnly() };

// The marker is no order and matches no query, so it is looked for beside them.
function markerOnly(): estypes.AggregationsAggregationContainer {
  const document = { top_hits: { size: 1, _source: ['indexedThrough', 'writeSeq'] } };
  const only = { filter: { exists: { field: 'indexedThrough' } }, aggregations: { document } };
  return { global: {}, aggregations: { only } };
}

interface MarkerAggregation {
  readonly marker: { readonly only: { readonly document: estypes.SearchResponse<MarkerDocument> } };
}

/** How far the index was as that search saw it; null: nothing was written yet. */
export function seenMarker({ aggregations }: estypes.SearchResponse<unknown>): IndexReached | null {
  const { marker } = aggregations as unknown as MarkerAggregation;
  const document = marker.only.document.hits.hits[0]?._source;
  return document ? reachedOf(document) : null;
}
