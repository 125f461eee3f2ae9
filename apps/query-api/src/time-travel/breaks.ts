import { setImmediate } from 'node:timers/promises';

const STRETCH_MS = 5;

/** Lets the event loop turn now and then in long work that waits for nobody, so that other requests are served. */
export class Breaks {
  #dueMs = performance.now() + STRETCH_MS;

  /** Resolves after a turn of the event loop if the last one was some milliseconds ago, else at once. */
  async ifDue(): Promise<void> {
    if (performance.now() < this.#dueMs) return;
    await setImmediate();
    this.#dueMs = performance.now() + STRETCH_MS;
  }
}
