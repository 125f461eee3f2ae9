import type { ExpectedRevision } from '../wire/append-requests.js';
import { isMetastream, isSoftDeleted, lastRevision, type StreamState } from './stream-state.js';

/** Where an event with a known id is; only lately appended ids are known. */
export interface KnownEvent {
  stream: string;
  revision: number;
  position: number;
}

export type AppendDecision =
  | { kind: 'append'; recreates: boolean }
  /** All of it was appended before: success again, at that place. */
  | { kind: 'repeated'; revision: number; position: number }
  /** Repeated if the events after `expected` have these very ids, which only the stored rows can tell. */
  | { kind: 'repeated-if-stored'; expected: number }
  | { kind: 'wrong-expected-revision' }
  | { kind: 'stream-deleted' };

/**
 * Whether an append is accepted, as EventStoreDB decides it (`IndexWriter.CheckCommit` in its sources):
 * ids are compared, never content, and at an exact revision only below the head.
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
 * A deleted stream is begun anew by an append that expects none, unless that repeats how the stream began. `known`
 * must know the first events that are stored, since this cannot be left open: what follows hangs on it.
 */
function decideRecreation(
  stream: string,
  ids: readonly string[],
  known: (id: string) => KnownEvent | undefined,
): AppendDecision {
  const first = known(ids[0]!);
  // The whole batch as a repeat was looked for before.
  if (first?.stream === stream && first.revision === 0) return { kind: 'wrong-expected-revision' };
  return { kind: 'append', recreates: true };
}

// Without a revision only an immediate repeat can be told from a new append.
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
