import type { ExpectedRevision, ProposedEvent } from '../wire/append-requests.js';

export type WriteOutcome =
  /** `revision` and `position` of the last event; `position` is null when there was nothing to write. */
  | { kind: 'written'; revision: number; position: number | null }
  /** `current` is the last revision, -1 when the stream has no events. */
  | { kind: 'wrong-expected-revision'; current: number }
  | { kind: 'stream-deleted' }
  /** The client had stopped waiting before it was decided: nothing was written. */
  | { kind: 'deadline-exceeded' }
  /** PostgreSQL is away: it may or may not have been written. */
  | { kind: 'unavailable' };

/** One write that waits for its turn. */
export interface PendingWrite {
  kind: 'append' | 'delete' | 'tombstone';
  stream: string;
  expected: ExpectedRevision;
  /** None for the two deletions. */
  events: readonly ProposedEvent[];
  /** Of the events' data and metadata. */
  bytes: number;
  /** In ms since 1970; null: no deadline. */
  deadlineMs: number | null;
  /** Called once. */
  done: (outcome: WriteOutcome) => void;
}
