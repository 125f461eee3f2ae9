import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { StoreSilent } from '#event-store/errors.js';
import type { Logger } from '#platform/logging.js';
import type { LeaseKey } from '#read-models/stores/leases.store.js';
import { isAway, messageOf, pause } from './interruptions.js';
import type { Leases } from '../lease/leases.js';
import { Ownership } from '../lease/ownership.js';

/**
 * `standby`: another process has it. `waiting`: a store is away, or the lease was lost. `failing`: something else is
 * wrong, and a person should look. Both are tried again for as long as it takes.
 */
export type ProjectionState = 'starting' | 'standby' | 'catching_up' | 'live' | 'waiting' | 'failing';

/** What the owner of a projection writes with. */
export interface Owned {
  /** The session that the lease names. */
  readonly db: pg.Client;
  /** To be checked in every transaction. */
  readonly token: bigint;
  readonly lease: LeaseKey;
  /** Aborts when the projection is to be left: at the end, when the lease is lost, or when another should have it. */
  readonly signal: AbortSignal;
}

/** What makes one projection differ from another. */
export interface ProjectionWork {
  readonly name: string;
  /** What runs it. */
  readonly engine: ProjectionEngine;
  /** What it keeps, which is to be owned first. @throws while that cannot be told */
  prepare(): Promise<LeaseKey>;
  /**
   * Goes on from the checkpoint until the signal aborts. When it ends, what is still under way can harm no successor.
   * @throws what keeps it from going on
   */
  follow(owned: Owned): Promise<void>;
  /** Whether an error says that what only this projection uses is away or refuses, so that waiting may help. */
  isAway?(error: unknown): boolean;
  /** Whether what it keeps was dropped: then nothing is wrong, and something else is to be kept, or nothing. */
  isDropped?(): Promise<boolean>;
  /** Grows with all that is written. */
  readonly written: number;
  /** How far it is; null: at the beginning, or not known. */
  readonly position: bigint | null;
}

export interface EngineOptions {
  readonly postgresUrl: string;
  readonly leases: Leases;
  readonly logger: Logger;
  /** How long the owner waits for an answer of PostgreSQL; as `Ownership` does, unless told. */
  readonly answerLimitMs?: number;
}

/** Why a projection had to begin again from its checkpoint. */
export const restartCauses = ['away', 'silent', 'error'] as const;
export type RestartCause = (typeof restartCauses)[number];

/** Failures in a row, with nothing written between, after which another process may try. */
const OWNER_ATTEMPTS = 3;
const ERROR_PAUSE_MAX_MS = 30_000;
const ASK_LIMIT_MS = 2_000;

/**
 * Runs one projection for as long as the process runs: owns it, or stands by until it can; has it followed; and
 * begins again from the checkpoint whenever that ends, whatever the reason, after growing pauses.
 */
export class ProjectionEngine {
  state: ProjectionState = 'starting';
  lastError: string | null = null;
  readonly restarts: Record<RestartCause, number> = { away: 0, silent: 0, error: 0 };
  /** By `performance.now()`; null: it runs, or stands by. */
  #downSinceMs: number | null = performance.now();
  /** Since when, by `performance.now()`, and what had been written by then. */
  #failing: { readonly sinceMs: number; readonly written: number } | null = null;
  #attempts = 0;
  readonly #work: ProjectionWork;
  readonly #options: EngineOptions;

  constructor(work: ProjectionWork, options: EngineOptions) {
    this.#work = work;
    this.#options = options;
  }

  /** How long it has neither run nor stood by, or has run only to fail; 0: it does. */
  get downMs(): number {
    const notRunningMs = this.#downSinceMs === null ? 0 : performance.now() - this.#downSinceMs;
    return Math.max(notRunningMs, this.failingMs);
  }

  /** For how long it has failed again and again and written nothing; 0: it has not, or waits for what is away. */
  get failingMs(): number {
    if (this.#failing === null || this.#work.written > this.#failing.written) return 0;
    return performance.now() - this.#failing.sinceMs;
  }

  get restartCount(): number {
    return restartCauses.reduce((sum, cause) => sum + this.restarts[cause], 0);
  }

  /** Returns when the signal aborts, and throws nothing. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const before = this.#work.written;
      try {
        await this.#own(signal);
      } catch (error) {
        if (signal.aborted) break;
        await this.#failed(error, before, signal);
      }
    }
  }

  become(state: ProjectionState): void {
    if (state === 'live' || state === 'standby') this.lastError = this.#failing = null;
    if (state === 'live' || state === 'standby' || state === 'catching_up') this.#downSinceMs = null;
    if (this.state === state) return;
    this.state = state;
    const { name, position } = this.#work;
    this.#options.logger.info(
      { projection: name, state, position: position?.toString() },
      `${name}: ${state}`,
    );
  }

  async #own(signal: AbortSignal): Promise<void> {
    const lease = await this.#work.prepare();
    // Whoever keeps but this one is stopped in a moment, and whoever chooses finds another one.
    if (await this.#isDropped()) return pause(0, signal);
    const { postgresUrl: connectionString, leases, answerLimitMs } = this.#options;
    const ownership = await Ownership.acquire({
      ...{ connectionString, leases, lease, signal },
      ...(answerLimitMs === undefined ? {} : { answerLimitMs }),
      report: () => ({ state: this.state, restarts: this.restartCount, lastError: this.lastError }),
      onStandby: () => this.become('standby'),
    });
    const { db, token, lost, asked } = ownership;
    const leave = AbortSignal.any([signal, lost, asked]);
    try {
      for (let attempt = 1; !leave.aborted; attempt++) {
        if (await this.#isDropped()) break;
        const before = this.#work.written;
        try {
          await this.#work.follow({ db, token, lease, signal: leave });
        } catch (error) {
          if (leave.aborted || (await this.#isDropped())) break;
          if (this.#work.written > before) attempt = 1;
          if (attempt === OWNER_ATTEMPTS) throw error;
          await this.#failed(error, before, leave);
        }
      }
      // What is dropped has no lease either.
      if (lost.aborted && !signal.aborted && !(await this.#isDropped())) throw lost.reason;
    } finally {
      await ownership.release();
    }
  }

  async #isDropped(): Promise<boolean> {
    const enough = new AbortController();
    // Where it cannot be found out soon, what went wrong is told as it came.
    const late = delay(ASK_LIMIT_MS, false, { signal: enough.signal });
    try {
      return await Promise.race([this.#work.isDropped?.().catch(() => false) ?? false, late]);
    } finally {
      enough.abort();
    }
  }

  async #failed(error: unknown, writtenBefore: number, signal: AbortSignal): Promise<void> {
    if (this.#work.written > writtenBefore) this.#attempts = 0;
    const away = isAway(error) || (this.#work.isAway?.(error) ?? false);
    const cause = error instanceof StoreSilent ? 'silent' : away ? 'away' : 'error';
    this.restarts[cause] += 1;
    this.#downSinceMs ??= performance.now();
    if (away) this.#failing = null;
    else if (this.failingMs === 0)
      this.#failing = { sinceMs: performance.now(), written: this.#work.written };
    const message = messageOf(error);
    // Every two seconds for as long as a store is away is more than anyone reads.
    if (message !== this.lastError) {
      const projection = this.#work.name;
      if (away) this.#options.logger.warn({ err: error, projection }, `${projection} is interrupted`);
      else this.#options.logger.error({ err: error, projection }, `${projection} is failing: ${message}`);
    }
    this.become(away ? 'waiting' : 'failing');
    this.lastError = message;
    await pause(this.#attempts++, signal, away ? undefined : ERROR_PAUSE_MAX_MS);
  }
}
