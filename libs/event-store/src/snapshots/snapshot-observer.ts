import { unusableReasons } from './snapshot-codec.js';

export const readOutcomes = ['used', 'absent', 'failed', ...unusableReasons] as const;
/**
 * How a look for a snapshot ended. `failed`: the store did not answer, or the personal data could not be opened.
 */
export type ReadOutcome = (typeof readOutcomes)[number];

export const writeOutcomes = ['written', 'superseded', 'too_large', 'busy', 'failed'] as const;
/**
 * `superseded`: another process has written a snapshot that is at least as new. `busy`: too many others are
 * waiting to be written. `failed`: the snapshot was not stored, or its outcome is unknown.
 */
export type WriteOutcome = (typeof writeOutcomes)[number];

export const checkOutcomes = ['same', 'different', 'failed'] as const;
export type CheckOutcome = (typeof checkOutcomes)[number];

/** Is told of everything that happens to snapshots. A failure changes no answer, so it is reported only here. */
export interface SnapshotObserver {
  read(outcome: ReadOutcome, stream: string): void;
  wrote(outcome: WriteOutcome, stream: string): void;
  /** @param details of a difference: which parts of the state; never what is in them */
  checked(outcome: CheckOutcome, stream: string, details: Readonly<Record<string, unknown>>): void;
  /** The error behind an outcome `failed`. */
  failed(what: 'read' | 'write' | 'check', stream: string, error: unknown): void;
}
