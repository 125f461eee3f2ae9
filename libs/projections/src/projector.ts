import type pg from 'pg';
import { StoreUnavailable } from '#event-store/errors.js';
import type { ExactEventStore } from '#event-store/port.js';
import { storeNow } from '#event-store/store-identity.js';
import type { Logger } from '#platform/logging.js';
import { createPool } from '#platform/postgres.js';
import { checkpointOf } from '#read-models/checkpoints.js';
import {
  activeGeneration,
  prepareGeneration,
  type Generation,
  type Queryable,
} from '#read-models/generations.js';
import { bindToStore, MadeFromAnotherStore } from '#read-models/made-from.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import { OrdersStore } from '#read-models/stores/orders-store.js';
import { BatchApplier } from './batch-applier.js';
import { ProjectionStopped } from './errors.js';
import { EventBuffer } from './event-buffer.js';
import { feed } from './feed.js';
import { isAway, messageOf, OwnershipLost, pause } from './interruptions.js';
import { Ownership } from './ownership.js';
import { Pace } from './pace.js';
import { Progress } from './progress.js';

export interface ProjectorOptions {
  readonly eventStore: Pick<
    ExactEventStore,
    'subscribeToAll' | 'readStream' | 'headPosition' | 'appendExact'
  >;
  readonly postgresUrl: string;
  readonly logger: Logger;
  /** Which one to keep; of this release, made where there is none, unless told otherwise. */
  readonly generation?: (pool: pg.Pool) => Promise<Generation>;
  /** Told the position whenever it has written all that was there when it subscribed. */
  readonly onCaughtUp?: (generation: Generation, position: bigint) => void;
  /** Of one batch. */
  readonly limits?: { readonly maxEvents: number; readonly maxBytes: number };
}

/** `waiting`: a store is away. `stopped`: an event cannot be applied, and a person has to look. */
export type ProjectorState = 'starting' | 'standby' | 'catching_up' | 'live' | 'waiting' | 'stopped';

const LIMITS = { maxEvents: 500, maxBytes: 8_000_000 };
const IDLE_CHECKPOINT_INTERVAL_MS = 250;
const RENEW =
  'point the projector back, or let it build them anew: orderctl read-models renew, then start it again';
const FAILURES_MAX = 5;

/** Keeps the rows of the projection `orders` up to date with the event store, for as long as it runs. */
export class Projector {
  readonly progress = new Progress();
  state: ProjectorState = 'starting';
  generation: Generation | null = null;
  /** Whether queries are answered from its rows. */
  active = false;
  lastError: string | null = null;
  #pending: EventBuffer | null = null;
  #caughtUpAt: bigint | null = null;
  readonly #options: ProjectorOptions;
  readonly #pool: pg.Pool;

  constructor(options: ProjectorOptions) {
    this.#options = options;
    this.#pool = createPool(options.postgresUrl, {
      max: 1,
      applicationName: 'orderlog projector',
      statementTimeoutMs: 0,
    });
  }

  /** Received, not yet written. */
  get pendingEvents(): number {
    return this.#pending?.size ?? 0;
  }

  /**
   * Returns when the signal aborts. Stores that are away are waited for, however long.
   * @throws ProjectionStopped when an event cannot be applied, also after trying again, or the rows are of another store
   */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    let attempts = 0;
    let writtenBefore = 0;
    while (!signal.aborted) {
      try {
        await this.#own(signal);
      } catch (error) {
        if (signal.aborted) break;
        const { batches } = this.progress.totals;
        if (batches > writtenBefore) failures = attempts = 0;
        writtenBefore = batches;
        const hopeless = error instanceof MadeFromAnotherStore;
        if (hopeless || (!isAway(error) && ++failures >= FAILURES_MAX)) throw this.#stop(error);
        this.#failed(error);
        await pause(attempts++, signal);
      }
    }
    await this.#pool.end();
  }

  async #own(signal: AbortSignal): Promise<void> {
    const { generation: choose = (pool: pg.Pool) => prepareGeneration(pool, null) } = this.#options;
    const generation = await choose(this.#pool);
    this.generation = generation;
    this.active = (await activeGeneration(this.#pool))?.rowsOf === generation.id;
    const ownership = await Ownership.acquire({
      connectionString: this.#options.postgresUrl,
      projection: ORDERS_PROJECTION,
      generation: generation.id,
      signal,
      onStandby: () => this.#become('standby'),
    });
    try {
      const applier = new BatchApplier(new OrdersStore(ownership.db, generation), this.#options.eventStore);
      this.progress.position = await checkpointOf(ownership.db, generation.id, ORDERS_PROJECTION);
      for (let attempts = 0; !signal.aborted; attempts++) {
        this.#become('catching_up');
        const before = this.progress.totals.batches;
        try {
          await this.#bind(ownership.db, generation);
          await this.#follow(applier, AbortSignal.any([signal, ownership.lost]));
        } catch (error) {
          if (!(error instanceof StoreUnavailable) || signal.aborted) throw error;
          if (this.progress.totals.batches > before) attempts = 0;
          this.#failed(error); // the rows, the lock and the cache are as good as before
          await pause(attempts, signal);
        }
      }
    } catch (error) {
      throw ownership.lost.aborted ? new OwnershipLost(error) : error;
    } finally {
      await ownership.release();
    }
  }

  /** With every new subscription: another store may answer at the same address. */
  async #bind(db: Queryable, { id }: Generation): Promise<void> {
    const { eventStore } = this.#options;
    const made = { generation: id, projection: ORDERS_PROJECTION };
    await bindToStore(db, made, this.progress.position, await storeNow(eventStore), RENEW);
  }

  async #follow(applier: BatchApplier, signal: AbortSignal): Promise<never> {
    const buffer = new EventBuffer(this.#options.limits ?? LIMITS);
    const pace = new Pace();
    const stop = new AbortController();
    const fed = feed({
      eventStore: this.#options.eventStore,
      after: this.progress.position,
      buffer,
      signal: AbortSignal.any([signal, stop.signal]),
      onCaughtUp: (position) => {
        this.#caughtUpAt = position;
        this.#noteCaughtUp();
      },
    });
    this.#pending = buffer;
    try {
      for (;;) {
        await buffer.some();
        await buffer.event(IDLE_CHECKPOINT_INTERVAL_MS);
        await buffer.wholeBatch(pace.waitMs());
        pace.writing();
        const batch = buffer.take();
        const applied = await applier.apply(batch);
        this.progress.wrote(applied, batch);
        pace.wrote(applied.events, applied.repeated);
        this.#noteCaughtUp();
      }
    } finally {
      stop.abort();
      buffer.end(new StoreUnavailable('the subscription was ended'));
      this.#pending = null;
      this.#caughtUpAt = null;
      await fed;
    }
  }

  /** Live once everything is written that was there when the subscription had caught up. */
  #noteCaughtUp(): void {
    if (this.#caughtUpAt === null || (this.progress.position ?? -1n) < this.#caughtUpAt) return;
    this.#caughtUpAt = null;
    this.lastError = null;
    if (this.generation) this.#options.onCaughtUp?.(this.generation, this.progress.position ?? -1n);
    this.#become('live');
  }

  #become(state: ProjectorState): void {
    if (this.state === state) return;
    this.state = state;
    const { position } = this.progress;
    this.#options.logger.info(
      { state, generation: this.generation?.id, position: position?.toString() },
      state,
    );
  }

  #failed(error: unknown): void {
    this.lastError = messageOf(error);
    this.#become('waiting');
    this.#options.logger.warn({ err: error }, 'projection interrupted');
  }

  #stop(error: unknown): ProjectionStopped {
    this.lastError = messageOf(error);
    this.#become('stopped');
    const where = `after position ${this.progress.position ?? 'none'}`;
    return new ProjectionStopped(`projection ${ORDERS_PROJECTION} stopped ${where}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
