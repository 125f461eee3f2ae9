import type { CheckpointWatcher } from '../checkpoint-watcher.js';
import { activeGeneration } from '../generations/generation.js';
import type { Queryable } from '../queryable.js';
import { NoActiveGeneration, type ActiveGenerationSource, type ReadGeneration } from './read-models.js';

/** How long a read waits for the generation that replaces a dropped one to draw level with it. */
const CHANGE_LIMIT_MS = 3_000;

/** The active generation as NOTIFY told it: a flip is seen without a restart and without asking. */
export class WatchedGeneration implements ActiveGenerationSource {
  readonly #watcher: Pick<CheckpointWatcher, 'generation' | 'settled' | 'changedTo'>;
  readonly #db: Queryable;

  constructor(watcher: Pick<CheckpointWatcher, 'generation' | 'settled' | 'changedTo'>, db: Queryable) {
    this.#watcher = watcher;
    this.#db = db;
  }

  async current(): Promise<ReadGeneration> {
    return (await this.#watcher.settled()) ?? this.refreshed();
  }

  /**
   * For a process that was not told of the flip yet. What is read from now on is no less than what was read
   * before.
   */
  async refreshed(): Promise<ReadGeneration> {
    const active = await activeGeneration(this.#db);
    if (active === null) throw new NoActiveGeneration();
    if (this.#watcher.generation !== null) await this.#watcher.changedTo(active.id, CHANGE_LIMIT_MS);
    return this.#watcher.generation ?? active;
  }
}
