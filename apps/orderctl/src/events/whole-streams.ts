import type { StoredExactEvent } from '#event-store/port.js';
import { CliError } from '../support/cli-error.js';

/** Checks that each stream begins with its first event and lacks none: it could not be restored otherwise. */
export class WholeStreams {
  readonly #lastRevisions = new Map<string, number>();

  get count(): number {
    return this.#lastRevisions.size;
  }

  /** @throws CliError for a stream that was deleted, or lacks events */
  add({ stream, revision, type }: Pick<StoredExactEvent, 'stream' | 'revision' | 'type'>): void {
    if (type.startsWith('$')) {
      throw new CliError(
        `${stream} was deleted, which orderlog never does: a deleted stream cannot be copied`,
      );
    }
    const expected = (this.#lastRevisions.get(stream) ?? -1) + 1;
    if (revision !== expected) {
      throw new CliError(
        `${stream} lacks event ${expected} (its next one is ${revision}): it cannot be copied completely`,
      );
    }
    this.#lastRevisions.set(stream, revision);
  }
}
