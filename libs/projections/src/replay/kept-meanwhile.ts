import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@elastic/elasticsearch';
import type pg from 'pg';
import type { ExactEventStore } from '#event-store/port.js';
import type { Logger } from '#platform/logging.js';
import { checkpointOf } from '#read-models/checkpoints.js';
import { generationById, type Generation } from '#read-models/generations/generation.js';
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
  /** Something that a person should know, in a line. */
  readonly onNote?: (line: string) => void;
  /** How long rows or index may keep failing without a write before the generation is given up. */
  readonly failingLimitMs?: number;
}

const LOOK_EVERY_MS = 100;
/** An error that passes by itself, as a deadlock does, is over by then. Giving up loses all that was loaded. */
const FAILING_LIMIT_MS = 30_000;

/** Keeps a generation up to date in the process that built it, until the projectors take it over. */
export class KeptMeanwhile {
  readonly #generation: Generation;
  readonly #options: KeepingOptions;
  readonly #stop = new AbortController();
  readonly #kept: readonly (OrdersFollower | SearchFollower)[];
  readonly #running: Promise<void>[];
  /** The error that the person was last told, by projection; null: it goes on. */
  readonly #told = new Map<string, string | null>();

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
    const orders = searchOnly ? null : new OrdersFollower({ ...shared, eventStore });
    const search =
      generation.searchIndex === null || client === null
        ? null
        : new SearchFollower({ ...shared, client, inBulk: true, filling: throttle });
    this.#kept = [orders, search].filter((one) => one !== null);
    this.#running = this.#kept.map((one) => one.run(this.#stop.signal));
  }

  /**
   * @param throttle limits documents of rows that are there at the start, not of those that come meanwhile
   * @param options with Elasticsearch where the generation has an index: a replay is refused without it
   */
  static async start(
    generation: Generation,
    searchOnly: boolean,
    throttle: Throttle,
    options: KeepingOptions,
  ): Promise<KeptMeanwhile> {
    const { searchIndex } = generation;
    if (searchIndex !== null) await beginBulk(options.elasticsearch!, searchIndex);
    return new KeptMeanwhile(generation, searchOnly, throttle, options);
  }

  /**
   * Resolves when rows and index have all that was in the log when it was called.
   * @returns the generation as it is now: if its index was ahead of the rows, it has another one
   */
  async caughtUp(
    tell: (done: number, total: number) => Promise<void>,
    signal: AbortSignal,
  ): Promise<Generation> {
    const { pool, eventStore, elasticsearch } = this.#options;
    const head = (await eventStore.headPosition()) ?? -1n;
    for (;;) {
      signal.throwIfAborted();
      this.#tellWhatFails();
      const reached = await this.#reached();
      await tell(Number(reached) + 1, Number(head) + 1);
      if (reached >= head) break;
      await delay(LOOK_EVERY_MS, undefined, { signal });
    }
    const generation = await generationById(pool, this.#generation.id);
    if (generation.searchIndex !== null) await endBulk(elasticsearch!, generation.searchIndex);
    return generation;
  }

  /** Lets go of the generation; a projector that stands by goes on with it at once. */
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

  /** @throws ReplayFailed when rows or index keep failing; a store that is away is waited for */
  #tellWhatFails(): void {
    const { onNote, failingLimitMs = FAILING_LIMIT_MS } = this.#options;
    for (const { name, engine } of this.#kept) {
      const { state, lastError, failingMs } = engine;
      if (state === 'failing' && failingMs >= failingLimitMs) {
        throw new ReplayFailed(`the projection ${name} keeps failing: ${lastError}`);
      }
      if (lastError !== null && lastError !== this.#told.get(name))
        onNote?.(`waiting: ${name}: ${lastError}`);
      this.#told.set(name, lastError);
    }
  }
}
