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
import { messageOf, pause } from './interruptions.js';
import { Leases } from './lease/leases.js';
import { Projector, type ProjectorOptions } from './projector.js';
import { SearchFollower } from './search-follower.js';

export interface ReadModelKeeperOptions {
  readonly eventStore: ProjectorOptions['eventStore'];
  readonly postgresUrl: string;
  readonly logger: Logger;
  /** Those of the process; of this keeper alone, unless told. */
  readonly leases?: Leases;
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
  readonly #options: ReadModelKeeperOptions & { readonly leases: Leases };

  constructor(options: ReadModelKeeperOptions) {
    this.#options = { leases: new Leases(options.postgresUrl), ...options };
    const { indexPrefix } = options;
    this.target = this.#keep((pool) => prepareGeneration(pool, indexPrefix), indexPrefix !== null);
  }

  /** Returns when the signal aborts. A projection that fails is begun again, and keeps no other from going on. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([runKept(this.target, signal), this.#runPrevious(signal)]);
  }

  async #runPrevious(signal: AbortSignal): Promise<void> {
    const pool = createPool(this.#options.postgresUrl, {
      max: 1,
      applicationName: 'orderlog projector generations',
      statementTimeoutMs: 0,
    });
    try {
      const target = await this.#whenThere(() => prepareGeneration(pool, this.#options.indexPrefix), signal);
      const active = await this.#whenThere(() => activeGeneration(pool), signal);
      if (target === null || active === null || active.id === target.id) return;
      this.previous = this.#keep((db) => generationNumber(db, active.id), active.searchIndex !== null);
      const stop = new AbortController();
      const running = runKept(this.previous, AbortSignal.any([signal, stop.signal]));
      try {
        await this.#untilAnotherIsActive(pool, active, signal);
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
    const { eventStore, postgresUrl, logger, leases, elasticsearch } = this.#options;
    const projector = new Projector({ eventStore, postgresUrl, logger, leases, generation });
    const search =
      hasIndex && elasticsearch !== null
        ? new SearchFollower({ client: elasticsearch, postgresUrl, logger, leases, generation })
        : null;
    return { projector, search };
  }

  async #untilAnotherIsActive(pool: pg.Pool, { id }: Generation, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const active = await this.#whenThere(() => activeGeneration(pool), signal);
      if (active !== null && active.id !== id) return;
      await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => {}); // aborted: the loop ends
    }
  }

  /** Asks until there is an answer; null when the signal aborts before. */
  async #whenThere<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T | null> {
    let lastError: string | null = null;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        return await ask();
      } catch (error) {
        const message = messageOf(error);
        if (message !== lastError)
          this.#options.logger.warn({ err: error }, 'which generations there are is not known');
        lastError = message;
        await pause(attempt, signal);
      }
    }
    return null;
  }
}

async function runKept({ projector, search }: KeptGeneration, signal: AbortSignal): Promise<void> {
  await Promise.all([projector.run(signal), search?.run(signal)]);
}
