import { setTimeout as delay } from 'node:timers/promises';

/** No more than is made up for in so long: after a pause there is no rush. */
const BURST_MS = 200;

export interface ThrottleClock {
  readonly now: () => number;
  /** @throws when the signal aborts */
  readonly wait: (ms: number, signal?: AbortSignal) => Promise<void>;
}

const CLOCK: ThrottleClock = {
  now: () => performance.now(),
  wait: (ms, signal) => delay(ms, undefined, signal ? { signal } : {}),
};

/** Keeps a rate by waiting: one of all phases of a replay, whatever each of them counts. */
export class Throttle {
  readonly perSecond: number | null;
  readonly #clock: ThrottleClock;
  #dueMs: number;

  /** @param perSecond null: no limit */
  constructor(perSecond: number | null, clock: ThrottleClock = CLOCK) {
    this.perSecond = perSecond;
    this.#clock = clock;
    this.#dueMs = clock.now();
  }

  /** Resolves when so many more may have been done. @throws when the signal aborts meanwhile */
  async passed(count: number, signal?: AbortSignal): Promise<void> {
    if (this.perSecond === null) return;
    const nowMs = this.#clock.now();
    this.#dueMs = Math.max(this.#dueMs, nowMs - BURST_MS) + (count / this.perSecond) * 1_000;
    if (this.#dueMs > nowMs) await this.#clock.wait(this.#dueMs - nowMs, signal);
  }
}
