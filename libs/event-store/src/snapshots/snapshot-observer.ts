import { unusableReasons } from './snapshot-codec.js';

export const readOutcomes = ['used', 'absent', 'failed', ...unusableReasons] as const;
/** What a look for a snapshot ended with; `failed`: the store could not be asked, or the codec could not open it. */
export type ReadOutcome = (typeof readOutcomes)[number];

export const writeOutcomes = ['written', 'superseded', 'too_large', 'busy', 'failed'] as const;
/**
 * `superseded`: another process has written one as new. `busy`: too many others are waiting to be written. `failed`: not
 * stored, or nobody knows.
 */
export type WriteOutcome = (typeof writeOutcomes)[number];

export const checkOutcomes = ['same', 'different', 'failed'] as const;
export type CheckOutcome = (typeof checkOutcomes)[number];

/** Told of all that happens to snapshots. None of it changes an answer, so none of it is an error to anyone else. */
export interface SnapshotObserver {
  read(outcome: ReadOutcome, stream: string): void;
  wrote(outcome: WriteOutcome, stream: string): void;
  /** @param details of a difference: which parts of the state; never what is in them */
  checked(outcome: CheckOutcome, stream: string, details: Readonly<Record<string, unknown>>): void;
  /** What made an outcome `failed`. */
  failed(what: 'read' | 'write' | 'check', stream: string, error: unknown): void;
}
