import { TOMBSTONE_REVISION } from '../wire/recorded-event.js';

/** `$tb` of a soft-deleted stream: 2^63 - 1 in EventStoreDB, read as a JavaScript number. */
export const SOFT_DELETED = 2 ** 63;

/** What appends and reads need to know of a stream and its metastream. */
export interface StreamState {
  /** Of the last event; -1 when there is none. */
  revision: number;
  tombstoned: boolean;
  /** Of the last event in the metastream `$$stream`; -1 when there is none. */
  metaRevision: number;
  /** The JSON of that event; null when there is none or it is no object. */
  metadata: Readonly<Record<string, unknown>> | null;
}

export const ABSENT: StreamState = { revision: -1, tombstoned: false, metaRevision: -1, metadata: null };

export const METASTREAM_PREFIX = '$$';

export const isMetastream = (stream: string): boolean => stream.startsWith(METASTREAM_PREFIX);

/** The stream whose state covers `stream`: the stream itself, or the one that a metastream describes. */
export const describedStream = (stream: string): string =>
  isMetastream(stream) ? stream.slice(METASTREAM_PREFIX.length) : stream;

export const isSoftDeleted = (state: StreamState): boolean =>
  state.metadata !== null && limitOf(state.metadata, '$tb') === SOFT_DELETED;

/** Whether a read finds no such stream: it has no events or is soft-deleted. `stream` is not tombstoned. */
export function isNotFound(stream: string, state: StreamState): boolean {
  return lastRevision(stream, state) < 0 || (!isMetastream(stream) && isSoftDeleted(state));
}

/** The last revision of `stream`: the stream that `state` belongs to, or its metastream. */
export function lastRevision(stream: string, state: StreamState): number {
  if (state.tombstoned) return TOMBSTONE_REVISION;
  return isMetastream(stream) ? state.metaRevision : state.revision;
}

/**
 * Which events a read of `stream` may show: revisions from `minRevision` on, created at `minCreatedMs` or later.
 * A metastream shows its last event only, as in EventStoreDB.
 */
export function visibleFrom(
  stream: string,
  state: StreamState,
  nowMs: number,
): { minRevision: number; minCreatedMs: number } {
  if (isMetastream(stream)) return { minRevision: Math.max(0, state.metaRevision), minCreatedMs: 0 };
  if (state.metadata === null) return { minRevision: 0, minCreatedMs: 0 };
  const maxCount = limitOf(state.metadata, '$maxCount');
  const truncateBefore = limitOf(state.metadata, '$tb');
  const maxAgeSeconds = limitOf(state.metadata, '$maxAge');
  return {
    minRevision: Math.max(
      0,
      maxCount === null ? 0 : state.revision - maxCount + 1,
      truncateBefore === null ? 0 : truncateBefore,
    ),
    minCreatedMs: maxAgeSeconds === null ? 0 : nowMs - maxAgeSeconds * 1_000,
  };
}

/**
 * The metadata of a soft-deleted stream after it is written to again or gets new metadata. Its events up to
 * `lastHidden` stay hidden.
 */
export function undeletedMetadata(
  metadata: StreamState['metadata'],
  lastHidden: number,
): Record<string, unknown> {
  return { ...metadata, $tb: lastHidden + 1 };
}

/** The JSON object in a metadata event; null for any other content, which limits nothing. */
export function parseMetadata(data: Uint8Array): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
    return isObject ? (parsed as Record<string, unknown>) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function limitOf(metadata: Readonly<Record<string, unknown>>, key: '$tb' | '$maxCount' | '$maxAge') {
  const value = metadata[key];
  const smallest = key === '$tb' ? 0 : 1;
  return typeof value === 'number' && Number.isInteger(value) && value >= smallest ? value : null;
}
