import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@elastic/elasticsearch';
import type pg from 'pg';
import type { ExactEventStore } from '#event-store/port.js';
import type { Logger } from '#platform/logging.js';
import { checkpointOf } from '#read-models/checkpoints.js';
import type { Generation } from '#read-models/generations.js';
import { ORDERS_PROJECTION, SEARCH_PROJECTION } from '#read-models/orders.projection.js';
import { beginBulk, endBulk } from '#read-models/search/elasticsearch/bulk-index.js';
import { Leases } from '../lease/leases.js';
import { OrdersFollower } from '../orders/orders-follower.js';
import { SearchFollower } from '../search/search-follower.js';
import { ReplayFailed } from './errors.js';
import type { Throttle } from './throttle.js';

export interface KeepingOptions {
  readonly pool: pg.Pool;
  readonly eventStore: ExactEventStore;
  readonly postgresUrl: string;
  readonly elasticsearch: Client | null;
  readonly logger: Logger;
}

const LOOK_EVERY_MS = 100;
/** A generation that is kept up to date by whoever built it, until the projectors take it over. */
export class KeptMeanwhile {
  readonly #generation: Generation;
  readonly #options: KeepingOptions;
  readonly #stop = new AbortController();
  readonly #orders: OrdersFollower | null;
  readonly #follower: SearchFollower | null;
  readonly #running: Promise<void>[];

  private constructor(
    generation: Generation,
    searchOnly: boolean,
    throttle: Throttle,
    options: KeepingOptions,
  ) {
    this.#generation = generation;
    this.#options = options;
    const { eventStore, postgresUrl, logger, elasticsearch: client } = options;
    const leases = new Leases(postgresUrl);
    const shared = { postgresUrl, logger, leases, generation: async () => generation };
    this.#orders = searchOnly ? null : new OrdersFollower({ ...shared, eventStore });
    this.#follower =
      generation.searchIndex === null || client === null
        ? null
        : new SearchFollower({ ...shared, client, inBulk: true, filling: throttle });
    const kept = [this.#orders, this.#follower].filter((one) => one !== null);
    this.#running = kept.map((one) => one.run(this.#stop.signal));
  }

  /** @param throttle of the documents of rows that are there; what comes meanwhile is to be caught up with */
  static async start(
    generation: Generation,
    searchOnly: boolean,
    throttle: Throttle,
    options: KeepingOptions,
  ): Promise<KeptMeanwhile> {
    const { searchIndex } = generation;
    if (searchIndex !== null) {
      if (options.elasticsearch === null) {
        throw new ReplayFailed(
          `generation ${generation.id} has the index ${searchIndex}: say where with --elasticsearch-url`,
        );
      }
      await beginBulk(options.elasticsearch, searchIndex);
    }
    return new KeptMeanwhile(generation, searchOnly, throttle, options);
  }

  /** Resolves when rows and index have all that was in the log when it was called. */
  async caughtUp(tell: (done: number, total: number) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { eventStore, elasticsearch } = this.#options;
    const head = (await eventStore.headPosition()) ?? -1n;
    for (;;) {
      signal.throwIfAborted();
      this.#throwIfFailing();
      const reached = await this.#reached();
      await tell(Number(reached) + 1, Number(head) + 1);
      if (reached >= head) break;
      await delay(LOOK_EVERY_MS, undefined, { signal });
    }
    const { searchIndex } = this.#generation;
    if (searchIndex !== null) await endBulk(elasticsearch!, searchIndex);
  }

  /** A projector that stands by goes on with it at once. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  async #reached(): Promise<bigint> {
    const { pool } = this.#options;
    const { id, rowsOf, searchIndex } = this.#generation;
    const rows = (await checkpointOf(pool, rowsOf, ORDERS_PROJECTION)) ?? -1n;
    if (searchIndex === null) return rows;
    const index = (await checkpointOf(pool, id, SEARCH_PROJECTION)) ?? -1n;
    return index < rows ? index : rows;
  }

  #throwIfFailing(): void {
    for (const one of [this.#orders, this.#follower]) {
      if (one?.state === 'failing') throw new ReplayFailed(`${one.name} does not go on: ${one.lastError}`);
    }
  }
}
