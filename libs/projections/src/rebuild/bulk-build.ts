import { BulkLoadStore } from '#read-models/stores/bulk-load.store.js';
import { Loading, type BulkBuildOptions } from './loading.js';

/**
 * Fills an empty generation from the whole log: the rows of all events up to where the log ended when it was reached,
 * then their indexes and the checkpoint from which the usual projector goes on. Cut off at any point, it goes on from
 * there.
 *
 * @throws StoreUnavailable, and what PostgreSQL says
 */
export async function buildInBulk(options: BulkBuildOptions): Promise<void> {
  const { db, generation, signal, gate, onProgress } = options;
  const store = new BulkLoadStore(db, generation);
  const begun = await store.open();
  if (begun === null) return;
  // Rows that have their keys and lost what they superseded take no more of the same order by COPY: the projector does.
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
