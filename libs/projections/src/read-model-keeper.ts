import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@elastic/elasticsearch';
import type pg from 'pg';
import type { Logger } from '#platform/logging.js';
import { createPool } from '#platform/postgres.js';
import {
  activeGeneration,
  generationNumber,
  prepareGeneration,
  type Generation,
} from '#read-models/generations.js';
import { isAway, pause } from './interruptions.js';
import { Projector, type ProjectorOptions } from './projector.js';
import { SearchFollower } from './search-follower.js';

export interface ReadModelKeeperOptions {
  readonly eventStore: ProjectorOptions['eventStore'];
  readonly postgresUrl: string;
  readonly logger: Logger;
  /** null: none is configured, and indexes are left as they are. */
  readonly elasticsearch: Client | null;
  /** Of the index of this release's generation; null: PostgreSQL searches its tables. */
  readonly indexPrefix: string | null;
}

/** One generation, kept up to date. */
export interface KeptGeneration {
  readonly projector: Projector;
  /** null: it has no index, or nobody here can write it. */
  readonly search: SearchFollower | null;
}

const LOOK_EVERY_MS = 500;

/**
 * Keeps the generation of this release and engine up to date, and until it is the one that queries are
 * answered from, the one that they are answered from meanwhile: so a change of the search engine is seen
 * by no reader but as a better search.
 */
export class ReadModelKeeper {
  readonly target: KeptGeneration;
  previous: KeptGeneration | null = null;
  readonly #options: ReadModelKeeperOptions;

  constructor(options: ReadModelKeeperOptions) {
    this.#options = options;
    const { indexPrefix } = options;
    this.target = this.#keep((pool) => prepareGeneration(pool, indexPrefix), indexPrefix !== null);
  }

  /**
   * Returns when the signal aborts.
   * @throws ProjectionStopped when an event cannot be applied
   */
  async run(signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    const running = [runKept(this.target, either), this.#runPrevious(either)];
    try {
      await Promise.all(running);
    } finally {
      stop.abort();
      await Promise.allSettled(running);
    }
  }

  async #runPrevious(signal: AbortSignal): Promise<void> {
    const pool = createPool(this.#options.postgresUrl, {
      max: 1,
      applicationName: 'orderlog projector generations',
      statementTimeoutMs: 0,
    });
    try {
      const target = await whenThere(() => prepareGeneration(pool, this.#options.indexPrefix), signal);
      const active = await whenThere(() => activeGeneration(pool), signal);
      if (target === null || active === null || active.id === target.id) return;
      this.previous = this.#keep((db) => generationNumber(db, active.id), active.searchIndex !== null);
      const stop = new AbortController();
      const running = runKept(this.previous, AbortSignal.any([signal, stop.signal]));
      try {
        await Promise.race([running, untilAnotherIsActive(pool, active, signal)]);
      } finally {
        stop.abort();
        await running;
        this.previous = null;
      }
    } finally {
      await pool.end();
    }
  }

  #keep(generation: (pool: pg.Pool) => Promise<Generation>, hasIndex: boolean): KeptGeneration {
    const { eventStore, postgresUrl, logger, elasticsearch } = this.#options;
    const projector = new Projector({ eventStore, postgresUrl, logger, generation });
    const search =
      hasIndex && elasticsearch !== null
        ? new SearchFollower({ client: elasticsearch, postgresUrl, logger, generation })
        : null;
    return { projector, search };
  }
}

async function runKept({ projector, search }: KeptGeneration, signal: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const searching = search?.run(AbortSignal.any([signal, stop.signal]));
  try {
    await projector.run(signal);
  } finally {
    stop.abort();
    await searching;
  }
}

async function untilAnotherIsActive(pool: pg.Pool, { id }: Generation, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const active = await whenThere(() => activeGeneration(pool), signal);
    if (active !== null && active.id !== id) return;
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => {}); // aborted: the loop ends
  }
}

/** Asks until the store answers; null when the signal aborts before. */
async function whenThere<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T | null> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (!isAway(error)) throw error;
      await pause(attempt, signal);
    }
  }
  return null;
}
