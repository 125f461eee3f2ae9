import type { Client } from '@elastic/elasticsearch';
import type pg from 'pg';
import type { Logger } from '#platform/logging.js';
import { createPool } from '#platform/postgres.js';
import { listGenerations } from '#read-models/generation-list.js';
import { BuildFailed, prepareGeneration, type Generation } from '#read-models/generations.js';
import { activateWhenReady } from './activation.js';
import { onGenerationNews } from './generation-news.js';
import { Leases } from '../lease/leases.js';
import { KeptSet } from './kept-set.js';
import { OrdersFollower, type OrdersFollowerOptions } from '../orders/orders-follower.js';
import { SearchFollower } from '../search/search-follower.js';

const LOOK_TIMEOUT_MS = 5_000;

export interface ReadModelKeeperOptions {
  readonly eventStore: OrdersFollowerOptions['eventStore'];
  readonly postgresUrl: string;
  readonly logger: Logger;
  /** null: none is configured, and indexes are left as they are. */
  readonly elasticsearch: Client | null;
  /** Those of the process; of this keeper alone, unless told. */
  readonly leases?: Leases;
  /** Of the index of this release's generation; null: PostgreSQL searches its tables. */
  readonly indexPrefix: string | null;
}

/** One generation, kept up to date. */
export interface KeptGeneration {
  readonly orders: OrdersFollower;
  /** null: it has no index, or nobody here can write it. */
  readonly search: SearchFollower | null;
}

/**
 * Keeps every generation of this release up to date that may be read: the one that is built where there is none
 * (the target), the active one, the one that a rollback goes back to, and those that a replay has made; also those
 * that come while it runs.
 */
export class ReadModelKeeper {
  readonly target: KeptGeneration;
  /** Beside the target, by the generation that their rows and indexes are of. */
  readonly #rows: KeptSet<OrdersFollower>;
  readonly #indexes: KeptSet<SearchFollower>;
  readonly #options: ReadModelKeeperOptions;
  readonly #pool: pg.Pool;
  /** For looks, which are never to wait for ever. */
  readonly #looks: pg.Pool;
  readonly #leases: Leases;
  readonly #stop = new AbortController();
  /** There is no target until a person has looked: what was begun to be built was given up. */
  #isGivenUp = false;
  #activation: Promise<void> | null = null;

  constructor(options: ReadModelKeeperOptions) {
    this.#options = options;
    this.#leases = options.leases ?? new Leases(options.postgresUrl);
    const { postgresUrl, indexPrefix, elasticsearch, logger } = options;
    this.#pool = createPool(postgresUrl, {
      max: 3,
      applicationName: 'orderlog projector generations',
      statementTimeoutMs: 0,
    });
    this.#looks = createPool(postgresUrl, {
      max: 1,
      applicationName: 'orderlog projector generations',
      statementTimeoutMs: LOOK_TIMEOUT_MS,
    });
    this.target = {
      orders: this.#ordersFollower(async (pool) => rowsOnly(await this.#prepare(pool))),
      search: indexPrefix === null ? null : this.#follower((pool) => this.#prepare(pool)),
    };
    this.#rows = new KeptSet((one) => this.#ordersFollower(async () => rowsOnly(one)), logger);
    this.#indexes = new KeptSet(
      (one) => (elasticsearch === null ? null : this.#follower(async () => one)),
      logger,
    );
  }

  get ordersFollowers(): readonly OrdersFollower[] {
    return [this.target.orders, ...this.#rows.running];
  }

  get followers(): readonly SearchFollower[] {
    return [...(this.target.search ? [this.target.search] : []), ...this.#indexes.running];
  }

  /** Returns when the signal aborts. What keeps one generation from going on holds no other back. */
  async run(signal: AbortSignal): Promise<void> {
    const { orders, search } = this.target;
    const either = AbortSignal.any([signal, this.#stop.signal]);
    const { postgresUrl, logger } = this.#options;
    const running = [
      orders.run(either),
      search?.run(either) ?? Promise.resolve(),
      onGenerationNews(
        postgresUrl,
        () => this.#look(either),
        (err) => logger.warn({ err }, 'generations are not heard of: trying again'),
        either,
      ),
    ];
    try {
      await Promise.all(running);
    } finally {
      this.#stop.abort();
      await Promise.allSettled(running);
      await Promise.allSettled([this.#rows.stop(), this.#indexes.stop()]);
      await Promise.allSettled([this.#activation ?? Promise.resolve()]);
      await Promise.all([this.#pool.end(), this.#looks.end()]);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { orders, search } = this.target;
    // What the target is decides what else there is; where there is to be none, queries are answered all the same.
    if (orders.generation === null && !this.#isGivenUp) return;
    const generations = await listGenerations(this.#looks);
    if (signal.aborted) return;
    const active = generations.find(({ role }) => role === 'active');
    for (const one of this.ordersFollowers) one.active = active?.rowsOf === one.generation?.id;
    const kept = generations.filter(({ ofThisRelease, state }) => ofThisRelease && state === 'ready');
    const besides = kept.filter(({ rowsOf }) => rowsOf !== orders.generation?.id).map(rowsOnly);
    this.#rows.keep(besides);
    this.#indexes.keep(
      kept.filter(({ id, searchIndex }) => searchIndex !== null && id !== search?.generation?.id),
    );
  }

  async #prepare(pool: pg.Pool): Promise<Generation> {
    try {
      const generation = await prepareGeneration(pool, this.#options.indexPrefix);
      this.#isGivenUp = false;
      return generation;
    } catch (error) {
      this.#isGivenUp = error instanceof BuildFailed;
      throw error;
    }
  }

  #ordersFollower(generation: (pool: pg.Pool) => Promise<Generation>): OrdersFollower {
    const { eventStore, postgresUrl, logger, indexPrefix } = this.#options;
    const onCaughtUp = async (one: Generation, position: bigint) => {
      if (one.id !== this.target.orders.generation?.id) return;
      this.#activation ??= this.#activate(indexPrefix, position).finally(() => (this.#activation = null));
      await this.#activation;
    };
    const leases = this.#leases;
    return new OrdersFollower({ eventStore, postgresUrl, logger, leases, generation, onCaughtUp });
  }

  async #activate(indexPrefix: string | null, position: bigint): Promise<void> {
    const target = await prepareGeneration(this.#pool, indexPrefix);
    await activateWhenReady({ ...this.#options, pool: this.#pool }, target, position, this.#stop.signal);
  }

  #follower(generation: (pool: pg.Pool) => Promise<Generation>): SearchFollower | null {
    const { elasticsearch: client, postgresUrl, logger } = this.#options;
    return client && new SearchFollower({ client, postgresUrl, logger, leases: this.#leases, generation });
  }
}

/** The rows of a generation may be another one's, which is then the one that is written. */
function rowsOnly({ schema, fingerprint, searchIndex, rowsOf }: Generation): Generation {
  return { id: rowsOf, schema, fingerprint, searchIndex, rowsOf };
}
