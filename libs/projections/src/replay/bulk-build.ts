import { BulkLoadStore } from '#read-models/stores/bulk-load.store.js';
import { Loading, type BulkBuildOptions } from './loading.js';

/**
 * Fills an empty generation from the whole log: the rows of all events until the subscription has caught up, then their
 * indexes and the checkpoint from which the projector goes on. A build that was cut off continues from where it was.
 *
 * @throws StoreUnavailable, and errors of PostgreSQL
 */
export async function buildInBulk(options: BulkBuildOptions): Promise<void> {
  const { db, generation, signal, gate, onProgress } = options;
  const store = new BulkLoadStore(db, generation);
  const begun = await store.open();
  if (begun === null) return;
  // Once finishing has begun, superseded rows are deleted and keys may exist: COPY must add no further row of an order,
  // for it would not supersede the row that is there. Later events are the projector's.
  const checkpoint = begun.isFinishing
    ? begun.checkpoint
    : await new Loading(options, store, begun.checkpoint).run();
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
