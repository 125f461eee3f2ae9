import { setTimeout as delay } from 'node:timers/promises';
import type {
  ReplayPhase,
  ReplayProgress,
  ReplayRecord,
  ReplaysStore,
} from '#read-models/stores/replays.store.js';
import { isAway } from '../engine/interruptions.js';
import { Throttle, type ThrottleClock } from './throttle.js';

/** A person has cancelled the replay: what it has built is dropped. */
export class ReplayCancelled extends Error {
  constructor() {
    super('the replay was cancelled');
  }
}

const LOOK_EVERY_MS = 250;
const TELL_EVERY_SECONDS = 1;

/** What people ask of a replay that is under way, and what it tells them. */
export class ReplayControl {
  /** Aborts when the replay is to end: it was cancelled, or the given signal aborted. */
  readonly signal: AbortSignal;
  /** For what is read and written in bulk, in all phases. */
  readonly throttle: Throttle;
  readonly #store: ReplaysStore;
  readonly #record: ReplayRecord;
  readonly #cancelled = new AbortController();
  readonly #over = new AbortController();
  readonly #onProgress: (progress: ReplayProgress, events: number | null) => void;
  #pause: AbortController = new AbortController();
  #resume: (() => void) | null = null;
  #resumed: Promise<void> | null = null;
  #looking: Promise<void> | null = null;
  #told: { readonly phase: ReplayPhase; readonly atMs: number } | null = null;

  constructor(
    store: ReplaysStore,
    record: ReplayRecord,
    signal: AbortSignal,
    onProgress: (progress: ReplayProgress, events: number | null) => void,
    clock?: ThrottleClock,
  ) {
    this.#store = store;
    this.#record = record;
    this.throttle = new Throttle(record.throttle, clock);
    this.#onProgress = onProgress;
    this.signal = AbortSignal.any([signal, this.#cancelled.signal]);
    this.signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  listen(): void {
    this.#looking = this.#look();
  }

  async close(): Promise<void> {
    this.#over.abort();
    await this.#looking;
  }

  /** Waits while the replay is paused, and as long as the rate wants it. @throws when the replay is to end */
  async gate(events: number): Promise<void> {
    if (this.#resumed !== null) await this.#resumed;
    this.signal.throwIfAborted();
    await this.throttle.passed(events, this.signal);
  }

  /** Does work that begins anew after a pause. */
  async untilDone<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (;;) {
      await this.gate(0);
      const { signal: paused } = this.#pause;
      try {
        return await work(AbortSignal.any([this.signal, paused]));
      } catch (error) {
        if (!paused.aborted || this.signal.aborted) throw error;
      }
    }
  }

  /** Records the progress, a second late at most. `events`: how many were read in bulk so far; null: no news. */
  async tell(progress: ReplayProgress, events: number | null = null): Promise<void> {
    this.#onProgress(progress, events);
    const atMs = performance.now();
    const before = this.#told ?? { phase: progress.phase, atMs };
    const seconds = (atMs - before.atMs) / 1_000;
    if (this.#told !== null && before.phase === progress.phase && seconds < TELL_EVERY_SECONDS) return;
    this.#told = { phase: progress.phase, atMs };
    const worked = { on: before.phase, seconds };
    await this.#store.advance(this.#record.id, progress, events, worked).catch((error: unknown) => {
      if (!isAway(error)) this.#cancelled.abort(error); // else it is told again in a moment
    });
  }

  /**
   * Looks at once whether something is asked, before a step that cannot be taken back.
   * @throws when the replay is to end
   */
  async heed(): Promise<void> {
    const asked = await this.#store.asked(this.#record.id);
    if (asked === 'cancel') this.#cancelled.abort(new ReplayCancelled());
    if (asked === 'pause') await this.#hold();
    if (asked === 'run') await this.#release();
    this.signal.throwIfAborted();
  }

  async #look(): Promise<void> {
    while (!this.#over.signal.aborted) {
      try {
        await this.heed();
      } catch (error) {
        if (!isAway(error)) this.#cancelled.abort(error);
      }
      await delay(LOOK_EVERY_MS, undefined, { signal: this.#over.signal }).catch(() => {}); // over: the loop ends
    }
    this.#wake();
  }

  async #hold(): Promise<void> {
    if (this.#resumed !== null) return;
    this.#resumed = new Promise((resume) => (this.#resume = resume));
    this.#pause.abort(new Error('the replay is paused'));
    await this.#store.become(this.#record.id, 'paused');
  }

  async #release(): Promise<void> {
    if (this.#resumed === null) return;
    await this.#store.become(this.#record.id, 'running');
    this.#wake();
  }

  #wake(): void {
    this.#pause = new AbortController();
    this.#resume?.();
    this.#resume = this.#resumed = null;
  }
}
