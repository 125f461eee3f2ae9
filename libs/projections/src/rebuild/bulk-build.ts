import type pg from 'pg';
import type { ExactEventStore } from '#event-store/port.js';
import type { Generation } from '#read-models/generations.js';
import { BulkLoadStore } from '#read-models/stores/bulk-load.store.js';
import { Loading, type LoadingLimits } from './loading.js';

export interface BulkBuildOptions {
  /** Of the one builder: everything is written through it. */
  readonly db: pg.ClientBase;
  readonly eventStore: Pick<ExactEventStore, 'readStream' | 'subscribeToAllExact'>;
  readonly generation: Generation;
  /** Ends it between two steps; what was committed is gone on from by the next build. */
  readonly signal: AbortSignal;
  /** Waited for after so many events, and before a step: to pause, and to keep a rate. */
  readonly gate?: (events: number) => Promise<void>;
  readonly onProgress?: (progress: BuildProgress) => void;
  readonly limits?: Partial<LoadingLimits>;
}

export interface BuildProgress {
  /** Reading events and writing rows; then what is made of whole tables. */
  readonly phase: 'loading' | 'finishing';
  /** Up to here in the log, what there is in rows is safe. */
  readonly position: bigint;
  /** Of orders, so far. */
  readonly events: number;
  /** That begins now; null while loading. */
  readonly step: { readonly what: string; readonly number: number; readonly of: number } | null;
}

/**
 * Fills an empty generation from the whole log: the rows of all events up to where the log ended when it was reached,
 * then their indexes and the checkpoint from which the usual projector goes on. Cut off at any point, it goes on from
 * there.
 *
 * @throws UnappliableEvent for what is no order's event, StoreUnavailable, and what PostgreSQL says
 */
export async function buildInBulk(options: BulkBuildOptions): Promise<void> {
  const { db, generation, signal, gate, onProgress } = options;
  const store = new BulkLoadStore(db, generation);
  const from = await store.open();
  if (from === null) return;
  const checkpoint = await new Loading(options, store, from).run();
  const { position, events } = checkpoint;
  const steps = await store.finishing(checkpoint);
  for (const [index, { what, run }] of steps.entries()) {
    await gate?.(0);
    signal.throwIfAborted();
    onProgress?.({
      phase: 'finishing',
      position,
      events,
      step: { what, number: index + 1, of: steps.length },
    });
    await run();
  }
}
