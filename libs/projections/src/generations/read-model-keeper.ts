import type { Client } from '@elastic/elasticsearch';
import type pg from 'pg';
import type { Logger } from '#platform/logging.js';
import { createPool } from '#platform/postgres.js';
import { listGenerations, type GenerationRecord } from '#read-models/generations/generation-list.js';
import { BuildFailed, prepareGeneration, type Generation } from '#read-models/generations/generation.js';
import { unaskedFlip } from '#read-models/generations/unasked-flip.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import { wasHeldWithin } from '#read-models/stores/leases.store.js';
import { flipWhenReady } from './flip-when-ready.js';
import { onGenerationNews } from './generation-news.js';
import { Leases } from '../lease/leases.js';
import { KeptSet } from './kept-set.js';
import { OrdersFollower, type OrdersFollowerOptions } from '../orders/orders-follower.js';
import { SearchFollower } from '../search/search-follower.js';

const LOOK_TIMEOUT_MS = 5_000;
/** Longer than it takes to restart a projector, or its store: two releases that both run never flip in turn. */
const LEFT_AFTER_MS = 60_000;

export interface ReadModelKeeperOptions {
  readonly eventStore: OrdersFollowerOptions['eventStore'];
  readonly postgresUrl: string;
  readonly logger: Logger;
  /** null: none is configured, and indexes are left as they are. */
  readonly elasticsearch: Client | null;
  /** The leases of the process; by default this keeper has its own. */
  readonly leases?: Leases;
  /** Name prefix of the index of this release's generation; null: PostgreSQL searches its tables. */
  readonly indexPrefix: string | null;
  /** How long a generation of another release has had no owner when its projectors are taken to be gone for good. */
  readonly leftAfterMs?: number;
}

/** One generation, kept up to date. */
export interface KeptGeneration {
  readonly orders: OrdersFollower;
  /** null: it has no index, or nobody here can write it. */
  readonly search: SearchFollower | null;
}

/**
 * Keeps every generation of this release that may be read up to date: the target (which is built where there is
 * none), the active one, the one that a rollback goes back to, and those made by a replay. Generations that appear
 * while it runs are kept too.
 */
export class ReadModelKeeper {
  readonly target: KeptGeneration;
  /** Followers of the generations beside the target. */
  readonly #rows: KeptSet<OrdersFollower>;
  readonly #indexes: KeptSet<SearchFollower>;
  readonly #options: ReadModelKeeperOptions;
  readonly #pool: pg.Pool;
  /** For `#look`, which must not wait for ever. */
  readonly #looks: pg.Pool;
  readonly #leases: Leases;
  readonly #stop = new AbortController();
  /** The build of the target was given up: until a person steps in, there is no target. */
  #isGivenUp = false;
  /** It ends with the ownership of the target's rows that it began in, whose signal this is. */
  #flipping: { readonly signal: AbortSignal; readonly ended: Promise<void> } | null = null;
  /** Of the last ownership in which the target's rows had caught up; null: they never had. */
  #caughtUp: AbortSignal | null = null;

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
      search: indexPrefix === null ? null : this.#searchFollower((pool) => this.#prepare(pool)),
    };
    this.#rows = new KeptSet((one) => this.#ordersFollower(async () => rowsOnly(one)), logger);
    this.#indexes = new KeptSet(
      (one) => (elasticsearch === null ? null : this.#searchFollower(async () => one)),
      logger,
    );
  }

  get ordersFollowers(): readonly OrdersFollower[] {
    return [this.target.orders, ...this.#rows.running];
  }

  get searchFollowers(): readonly SearchFollower[] {
    return [...(this.target.search ? [this.target.search] : []), ...this.#indexes.running];
  }

  /** Returns when the signal aborts. A problem with one generation holds no other back. */
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
        (err) => logger.warn({ err }, 'listening for generation changes failed; trying again'),
        either,
      ),
    ];
    try {
      await Promise.all(running);
    } finally {
      this.#stop.abort();
      await Promise.allSettled(running);
      await Promise.allSettled([this.#rows.stop(), this.#indexes.stop()]);
      await Promise.allSettled([this.#flipping?.ended]);
      await Promise.all([this.#pool.end(), this.#looks.end()]);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { orders, search } = this.target;
    // The others are found by comparison with the target, so it must be known. If it was given up, they are kept
    // all the same.
    if (orders.generation === null && !this.#isGivenUp) return;
    const generations = await listGenerations(this.#looks);
    if (signal.aborted) return;
    const active = generations.find(({ role }) => role === 'active');
    for (const one of this.ordersFollowers)
      one.active = one.generation !== null && one.generation.id === active?.rowsOf;
    for (const one of this.searchFollowers)
      one.active = one.generation !== null && one.generation.id === active?.id;
    const kept = generations.filter(({ ofThisRelease, state }) => ofThisRelease && state === 'ready');
    const besides = kept.filter(({ rowsOf }) => rowsOf !== orders.generation?.id).map(rowsOnly);
    this.#rows.keep(besides);
    // After `read-models renew`, the target's rows may be those of the next generation before its index follows them.
    const next = generations.filter(
      ({ ofThisRelease, madeBy, state, rowsOf }) =>
        ofThisRelease && madeBy === 'projector' && state === 'building' && rowsOf === orders.generation?.id,
    );
    const indexed = search?.generation ? [...kept, ...next] : kept;
    this.#indexes.keep(
      indexed.filter(({ id, searchIndex }) => searchIndex !== null && id !== search?.generation?.id),
    );
    if (active && !active.ofThisRelease) await this.#flipFromLeft(active);
  }

  /**
   * A projector of the release before that restarts beside this one makes its generation active again. Once all of that
   * release are gone, the target becomes active again too.
   */
  async #flipFromLeft({ rowsOf }: GenerationRecord): Promise<void> {
    const { orders, search } = this.target;
    const [rows, signal] = [orders.generation, this.#caughtUp];
    if (rows === null || signal === null || signal.aborted || this.#flipping !== null) return;
    const { leftAfterMs = LEFT_AFTER_MS, logger } = this.#options;
    const key = { generation: rowsOf, projection: ORDERS_PROJECTION };
    if (await wasHeldWithin(this.#looks, key, leftAfterMs)) return;
    if ((await unaskedFlip(this.#looks, search?.generation ?? rows)) !== 'right') return;
    this.#beginFlip(rows, orders.position ?? -1n, signal).catch((err: unknown) =>
      logger.warn({ err }, 'not activated in the place of the generation of another release; trying again'),
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
    const { eventStore, postgresUrl, logger } = this.#options;
    const onCaughtUp = async (one: Generation, position: bigint, signal: AbortSignal) => {
      if (one.id !== this.target.orders.generation?.id) return;
      while (this.#flipping !== null && this.#flipping.signal !== signal)
        await this.#flipping.ended.catch(() => {}); // told to whoever began it
      this.#caughtUp = signal;
      await this.#beginFlip(one, position, signal);
    };
    const leases = this.#leases;
    return new OrdersFollower({ eventStore, postgresUrl, logger, leases, generation, onCaughtUp });
  }

  /** Unless one is under way. Ends with it. */
  #beginFlip(rows: Generation, position: bigint, signal: AbortSignal): Promise<void> {
    this.#flipping ??= {
      signal,
      ended: this.#flip(rows, position, signal).finally(() => (this.#flipping = null)),
    };
    return this.#flipping.ended;
  }

  async #flip(rows: Generation, position: bigint, signal: AbortSignal): Promise<void> {
    const target = await prepareGeneration(this.#pool, this.#options.indexPrefix);
    // Another one by now, as after `read-models renew`. Nobody may have filled it yet; whoever does flips to it.
    if (target.rowsOf !== rows.id) return;
    await flipWhenReady({ ...this.#options, pool: this.#pool }, target, position, signal);
  }

  #searchFollower(generation: (pool: pg.Pool) => Promise<Generation>): SearchFollower | null {
    const { elasticsearch: client, postgresUrl, logger } = this.#options;
    return client && new SearchFollower({ client, postgresUrl, logger, leases: this.#leases, generation });
  }
}

/** A generation may use the rows of another one (`rowsOf`): then those rows are written. */
function rowsOnly({ schema, fingerprint, searchIndex, rowsOf }: Generation): Generation {
  return { id: rowsOf, schema, fingerprint, searchIndex, rowsOf };
}
