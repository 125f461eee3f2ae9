import type { ExpectedRevision, ProposedEvent } from '../wire/append-requests.js';

export type WriteOutcome =
  /** `revision` and `position` of the last event; `position` is null when there was nothing to write. */
  | { kind: 'written'; revision: number; position: number | null }
  /** `current` is the last revision, -1 when the stream has no events. */
  | { kind: 'wrong-expected-revision'; current: number }
  | { kind: 'stream-deleted' }
  /** The client's deadline had passed before the write was decided: nothing was written. */
  | { kind: 'deadline-exceeded' }
  /** PostgreSQL is away, or the stream cannot be looked up: the write may or may not have been stored. */
  | { kind: 'unavailable' };

/** One write that waits for its turn. */
export interface PendingWrite {
  /** Identifies the call that it came with. Of one call, nothing is stored after a write that could not be decided. */
  call: object;
  kind: 'append' | 'delete' | 'tombstone';
  stream: string;
  expected: ExpectedRevision;
  /** Empty for the two kinds of deletion. */
  events: readonly ProposedEvent[];
  /** Size of the events, as `eventBytes` counts it. */
  bytes: number;
  /** In ms since 1970; null: no deadline. */
  deadlineMs: number | null;
  /** Called exactly once. */
  done: (outcome: WriteOutcome) => void;
}

/** Estimated memory of a write that waits, and of each of its events, besides the content of the events. */
const OVERHEAD_BYTES = 512;

export function memoryOf({ bytes, events }: PendingWrite): number {
  return bytes + OVERHEAD_BYTES * (1 + events.length);
}

export function answerUnavailable(writes: readonly PendingWrite[]): void {
  for (const write of writes) write.done({ kind: 'unavailable' });
}
