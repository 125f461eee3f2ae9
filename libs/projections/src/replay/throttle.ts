import { setTimeout as delay } from 'node:timers/promises';

/** After a pause, no more than this much time is made up for: there is no rush. */
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

/** Keeps a rate by waiting. All phases of a replay share one, whatever each of them counts. */
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

  /** Counts `count` more, and resolves when the rate allows them. @throws when the signal aborts meanwhile */
  async passed(count: number, signal?: AbortSignal): Promise<void> {
    if (this.perSecond === null) return;
    const nowMs = this.#clock.now();
    this.#dueMs = Math.max(this.#dueMs, nowMs - BURST_MS) + (count / this.perSecond) * 1_000;
    if (this.#dueMs > nowMs) await this.#clock.wait(this.#dueMs - nowMs, signal);
  }
}
