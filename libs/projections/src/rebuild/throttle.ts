import { setTimeout as delay } from 'node:timers/promises';

/** No more than is made up for in so long: after a pause there is no rush. */
const BURST_MS = 200;

/** Keeps a rate by waiting. */
export class Throttle {
  readonly #perSecond: number | null;
  #dueMs = performance.now();

  /** @param perSecond null: no limit */
  constructor(perSecond: number | null) {
    this.#perSecond = perSecond;
  }

  /** Resolves when so many more may have been done. */
  async passed(count: number, signal: AbortSignal): Promise<void> {
    if (this.#perSecond === null) return;
    const nowMs = performance.now();
    this.#dueMs = Math.max(this.#dueMs, nowMs - BURST_MS) + (count / this.#perSecond) * 1_000;
    if (this.#dueMs > nowMs) await delay(this.#dueMs - nowMs, undefined, { signal });
  }
}
