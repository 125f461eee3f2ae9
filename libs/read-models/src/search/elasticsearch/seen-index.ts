import type { estypes } from '@elastic/elasticsearch';
import {
  MARKER_ID,
  OWN_IDS,
  reachedOf,
  SHOWN_ID,
  type IndexReached,
  type MarkerDocument,
  type ShownDocument,
} from './index-definition.js';

/** Part of every search that has to know how far the index was. */
export const ownAggregation = { own: ownOnly() };

// These documents are no orders and match no query, so a global aggregation looks for them.
function ownOnly(): estypes.AggregationsAggregationContainer {
  const _source = ['indexedThrough', 'writeSeq', 'shownThrough'];
  const documents = { top_hits: { size: OWN_IDS.length, _source } };
  const only = { filter: { ids: { values: OWN_IDS } }, aggregations: { documents } };
  return { global: {}, aggregations: { only } };
}

interface OwnAggregation {
  readonly own: {
    readonly only: { readonly documents: estypes.SearchResponse<MarkerDocument & ShownDocument> };
  };
}

/** How far the index was as a search saw it. */
export interface SeenIndex {
  /** Everything up to there was in the index; null: it had no marker yet. */
  readonly reached: IndexReached | null;
  /** Nothing in the index was of an event after that position; -1: there was nothing. */
  readonly shownThrough: bigint;
}

export function seenIndex({ aggregations }: estypes.SearchResponse<unknown>): SeenIndex {
  const { own } = aggregations as unknown as OwnAggregation;
  const { hits } = own.only.documents.hits;
  const found = (id: string) => hits.find(({ _id }) => _id === id)?._source;
  const [marker, shown] = [found(MARKER_ID), found(SHOWN_ID)];
  const reached = marker ? reachedOf(marker) : null;
  const all = reached?.position ?? -1n;
  const some = shown ? BigInt(shown.shownThrough) : -1n;
  // The marker also passes events that change no document, so it may be further.
  return { reached, shownThrough: some > all ? some : all };
}

/** Whether the index was the same as far as the positions tell: all requests of one step have the same position. */
export function isSameIndex(one: SeenIndex, other: SeenIndex): boolean {
  return (
    one.shownThrough === other.shownThrough &&
    one.reached?.position === other.reached?.position &&
    one.reached?.writeSeq === other.reached?.writeSeq
  );
}
