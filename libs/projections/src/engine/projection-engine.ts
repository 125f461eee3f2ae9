import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { StoreSilent } from '#event-store/errors.js';
import type { Logger } from '#platform/logging.js';
import type { ProjectionKey } from '#read-models/projection-key.js';
import { isAway, messageOf, pause } from './interruptions.js';
import type { Leases } from '../lease/leases.js';
import { Ownership } from '../lease/ownership.js';

/**
 * `standby`: another process owns the projection. `waiting`: a store is away, or the lease was lost. `failing`:
 * some other error, which a person should look at. Both `waiting` and `failing` are retried without limit.
 */
export type ProjectionState = 'starting' | 'standby' | 'catching_up' | 'live' | 'waiting' | 'failing';

/** What the owner of a projection writes with. */
export interface Owned {
  /** The session that the lease names. */
  readonly db: pg.Client;
  /** Checked in the transaction of every write. */
  readonly token: bigint;
  readonly lease: ProjectionKey;
  /** Aborts when the owner must let go: at shutdown, when the lease is lost, or when another projector asks for it. */
  readonly signal: AbortSignal;
}

/** What makes one projection differ from another. */
export interface ProjectionWork {
  readonly name: string;
  /** The engine that runs this projection. */
  readonly engine: ProjectionEngine;
  /** Chooses what to keep. @returns the lease to acquire before `follow` @throws while the choice cannot be made */
  prepare(): Promise<ProjectionKey>;
  /**
   * Works on from the checkpoint until the signal aborts. Once it has ended, nothing still under way can harm a
   * successor.
   * @throws the error that stopped it
   */
  follow(owned: Owned): Promise<void>;
  /**
   * Whether the error means that a store which only this projection uses is away or refuses, so that waiting may help.
   */
  isAway?(error: unknown): boolean;
  /** Whether what it keeps was dropped or set aside. That is no error: there is something else to keep, or nothing. */
  isDropped?(): Promise<boolean>;
  /** Grows with every write; the engine tells progress by it. */
  readonly written: number;
  /** How far it is; null: at the beginning, or not known. */
  readonly position: bigint | null;
}

export interface EngineOptions {
  readonly postgresUrl: string;
  readonly leases: Leases;
  readonly logger: Logger;
  /** How long the owner waits for an answer from PostgreSQL; by default as long as `Ownership` does. */
  readonly answerLimitMs?: number;
}

/** Why a projection had to begin again from its checkpoint. */
export const restartCauses = ['away', 'silent', 'error'] as const;
export type RestartCause = (typeof restartCauses)[number];

/** Failures in a row, with nothing written, after which the owner gives another process a chance. */
const OWNER_ATTEMPTS = 3;
export const ERROR_PAUSE_MAX_MS = 30_000;
const ASK_LIMIT_MS = 2_000;

/**
 * Runs one projection for as long as the process runs. It acquires the lease, or stands by until it can, and calls
 * `follow`. Whenever that ends, for whatever reason, it begins again from the checkpoint, after growing pauses.
 */
export class ProjectionEngine {
  state: ProjectionState = 'starting';
  lastError: string | null = null;
  readonly restarts: Record<RestartCause, number> = { away: 0, silent: 0, error: 0 };
  /** Since when it neither runs nor stands by, in `performance.now()` time; null: it runs, or stands by. */
  #downSinceMs: number | null = performance.now();
  /**
   * Since when it has kept failing, in `performance.now()` time, and what `written` was then; null: it does not fail.
   */
  #failing: { readonly sinceMs: number; readonly written: number } | null = null;
  #attempts = 0;
  readonly #work: ProjectionWork;
  readonly #options: EngineOptions;

  constructor(work: ProjectionWork, options: EngineOptions) {
    this.#work = work;
    this.#options = options;
  }

  /** How long it has neither run nor stood by, or has kept failing without a write; 0: it runs, or stands by. */
  get downMs(): number {
    const notRunningMs = this.#downSinceMs === null ? 0 : performance.now() - this.#downSinceMs;
    return Math.max(notRunningMs, this.failingMs);
  }

  /** How long it has kept failing without a write; 0: it does not, or only waits for a store that is away. */
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
      const keepsFailing = await this.#own(signal).catch((error: unknown) => {
        if (!signal.aborted) this.#failed(error, before);
        return !signal.aborted;
      });
      if (keepsFailing) await this.#pause(signal);
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

  /** @returns whether it gives another process a chance because it keeps failing here */
  async #own(signal: AbortSignal): Promise<boolean> {
    const lease = await this.#work.prepare();
    // Dropped: a follower bound to it is about to be stopped; one that chooses picks another at its next prepare().
    if (await this.#isDropped()) {
      await pause(0, signal);
      return false;
    }
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
          this.#failed(error, before); // before the release, with which the lease keeps the state for others to see
          if (attempt === OWNER_ATTEMPTS) return true;
          await this.#pause(leave);
        }
      }
      // Dropping a generation removes its leases too: losing one that way is no error.
      if (lost.aborted && !signal.aborted && !(await this.#isDropped())) throw lost.reason;
      return false;
    } finally {
      await ownership.release();
    }
  }

  async #isDropped(): Promise<boolean> {
    const enough = new AbortController();
    // If there is no answer soon, it counts as not dropped: the original error is then reported as it is.
    const late = delay(ASK_LIMIT_MS, false, { signal: enough.signal });
    try {
      return await Promise.race([this.#work.isDropped?.().catch(() => false) ?? false, late]);
    } finally {
      enough.abort();
    }
  }

  #failed(error: unknown, writtenBefore: number): void {
    if (this.#work.written > writtenBefore) this.#attempts = 0;
    const away = isAway(error) || (this.#work.isAway?.(error) ?? false);
    const cause = error instanceof StoreSilent ? 'silent' : away ? 'away' : 'error';
    this.restarts[cause] += 1;
    this.#downSinceMs ??= performance.now();
    if (away) this.#failing = null;
    else if (this.failingMs === 0)
      this.#failing = { sinceMs: performance.now(), written: this.#work.written };
    const message = messageOf(error);
    // An outage repeats the same error every two seconds: it is logged once.
    if (message !== this.lastError) {
      const projection = this.#work.name;
      if (away)
        this.#options.logger.warn(
          { err: error, projection },
          `projection ${projection} is interrupted; trying again`,
        );
      else
        this.#options.logger.error(
          { err: error, projection },
          `projection ${projection} is failing; trying again`,
        );
    }
    this.become(away ? 'waiting' : 'failing');
    this.lastError = message;
  }

  #pause(signal: AbortSignal): Promise<void> {
    return pause(this.#attempts++, signal, this.state === 'failing' ? ERROR_PAUSE_MAX_MS : undefined);
  }
}
