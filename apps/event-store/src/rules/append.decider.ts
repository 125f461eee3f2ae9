import type { ExpectedRevision } from '../wire/append-requests.js';
import { isMetastream, isSoftDeleted, lastRevision, type StreamState } from './stream-state.js';

/** Where the event with a known id is stored. */
export interface KnownEvent {
  stream: string;
  revision: number;
  position: number;
}

export type AppendDecision =
  | { kind: 'append'; recreates: boolean }
  /** The whole append is stored already: it succeeds again, at the same place. */
  | { kind: 'repeated'; revision: number; position: number }
  /** Repeated if the events after `expected` have exactly these ids, which only the stored rows can tell. */
  | { kind: 'repeated-if-stored'; expected: number }
  | { kind: 'wrong-expected-revision' }
  | { kind: 'stream-deleted' };

/**
 * Whether an append is accepted, as EventStoreDB decides it (`IndexWriter.CheckCommit` in its sources): event
 * ids are compared, never content. At an exact revision, they are compared only if the stream has moved past it.
 */
export function decideAppend(
  stream: string,
  state: StreamState,
  expected: ExpectedRevision,
  ids: readonly string[],
  known: (id: string) => KnownEvent | undefined,
): AppendDecision {
  if (state.tombstoned) return { kind: 'stream-deleted' };
  const current = lastRevision(stream, state);
  const softDeleted = !isMetastream(stream) && isSoftDeleted(state);

  if (expected === 'any' || expected === 'stream_exists') {
    if (expected === 'stream_exists') {
      if (softDeleted) return { kind: 'stream-deleted' };
      if (current < 0 && state.metaRevision < 0) return { kind: 'wrong-expected-revision' };
    }
    return decideByIds(stream, ids, known, softDeleted);
  }

  const expectedRevision = expected === 'no_stream' ? -1 : expected;
  if (expectedRevision === current) return { kind: 'append', recreates: softDeleted };
  if (expectedRevision > current || ids.length === 0) return { kind: 'wrong-expected-revision' };
  const repeated = allKnownAfter(stream, expectedRevision, ids, known);
  if (repeated) return repeated;
  if (expected === 'no_stream' && softDeleted) return decideRecreation(stream, ids, known);
  return { kind: 'repeated-if-stored', expected: expectedRevision };
}

/**
 * An append that expects no stream recreates a deleted one, unless it repeats how the stream began. `known` must
 * have the first stored events of the stream: the decision cannot be left open, since later writes depend on it.
 */
function decideRecreation(
  stream: string,
  ids: readonly string[],
  known: (id: string) => KnownEvent | undefined,
): AppendDecision {
  const first = known(ids[0]!);
  // The caller has ruled out that all of the ids are a repeat.
  if (first?.stream === stream && first.revision === 0) return { kind: 'wrong-expected-revision' };
  return { kind: 'append', recreates: true };
}

// Without an exact revision, only the repeat of a recent append can be told from a new one.
function decideByIds(
  stream: string,
  ids: readonly string[],
  known: (id: string) => KnownEvent | undefined,
  softDeleted: boolean,
): AppendDecision {
  let last: KnownEvent | undefined;
  for (const id of ids) {
    const event = known(id);
    if (event?.stream !== stream) {
      return last ? { kind: 'wrong-expected-revision' } : { kind: 'append', recreates: softDeleted };
    }
    last = event;
  }
  if (!last) return { kind: 'append', recreates: false };
  return { kind: 'repeated', revision: last.revision, position: last.position };
}

function allKnownAfter(
  stream: string,
  expected: number,
  ids: readonly string[],
  known: (id: string) => KnownEvent | undefined,
): AppendDecision | null {
  let last: KnownEvent | undefined;
  for (const [index, id] of ids.entries()) {
    last = known(id);
    if (last?.stream !== stream || last.revision !== expected + 1 + index) return null;
  }
  return last ? { kind: 'repeated', revision: last.revision, position: last.position } : null;
}
