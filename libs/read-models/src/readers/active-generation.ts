import type { CheckpointWatcher } from '../checkpoints.js';
import { activeGeneration, type Queryable } from '../generations.js';
import { NoActiveGeneration, type ActiveGenerationSource, type ReadGeneration } from './read-models.js';

/** The active generation as NOTIFY told it: a flip is seen without a restart and without asking. */
export class WatchedGeneration implements ActiveGenerationSource {
  readonly #watcher: Pick<CheckpointWatcher, 'generation'>;
  readonly #db: Queryable;

  constructor(watcher: Pick<CheckpointWatcher, 'generation'>, db: Queryable) {
    this.#watcher = watcher;
    this.#db = db;
  }

  async current(): Promise<ReadGeneration> {
    return this.#watcher.generation ?? this.refreshed();
  }

  async refreshed(): Promise<ReadGeneration> {
    const generation = await activeGeneration(this.#db);
    if (generation === null) throw new NoActiveGeneration();
    return generation;
  }
}
