import type pg from 'pg';
import { decodeEach, type EventCodec } from '#event-store/codec.js';
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
import type { EventToPark } from '#read-models/stores/quarantine.store.js';
import { activateWhenSearchable } from './activation.js';
import { BatchApplier } from './batch-applier.js';
import { ProjectionStopped } from './errors.js';
import { EventBuffer } from './event-buffer.js';
import { feed } from './feed.js';
import { isAway, messageOf, OwnershipLost, pause } from './interruptions.js';
import { Ownership } from './ownership.js';
import { Pace } from './pace.js';
import { Progress } from './progress.js';
import { OrderQuarantine } from './quarantine/order-quarantine.js';
import { ParkedOrderRetrier } from './quarantine/parked-order-retrier.js';
import { QuarantineKeeper } from './quarantine/quarantine-keeper.js';

export interface ProjectorOptions {
  readonly eventStore: Pick<
    ExactEventStore,
    'subscribeToAll' | 'readStream' | 'headPosition' | 'appendExact'
  >;
  readonly postgresUrl: string;
  readonly logger: Logger;
  /** Which one to keep; of this release, made where there is none, unless told otherwise. */
  readonly generation?: (pool: pg.Pool) => Promise<Generation>;
  /** How events are read; as this release does, unless told otherwise. */
  readonly codec?: Pick<EventCodec, 'decodeEach'>;
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
  /** Whether queries are answered from its generation. */
  active = false;
  lastError: string | null = null;
  /** What its owner has put aside; null: it is not the owner now. */
  quarantine: OrderQuarantine | null = null;
  #pending: EventBuffer | null = null;
  #caughtUpAt: bigint | null = null;
  #activation: Promise<void> | null = null;
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
    await this.#activation;
    await this.#pool.end();
  }

  async #own(signal: AbortSignal): Promise<void> {
    const { generation: choose = (pool: pg.Pool) => prepareGeneration(pool, null) } = this.#options;
    const generation = await choose(this.#pool);
    this.generation = generation;
    this.active = (await activeGeneration(this.#pool))?.id === generation.id;
    const ownership = await Ownership.acquire({
      connectionString: this.#options.postgresUrl,
      projection: ORDERS_PROJECTION,
      generation: generation.id,
      signal,
      onStandby: () => this.#become('standby'),
    });
    const stop = new AbortController();
    let keeping: Promise<void> = Promise.resolve();
    try {
      const applier = await this.#open(ownership.db, generation);
      keeping = this.#keepQuarantine(
        ownership.db,
        generation,
        applier,
        AbortSignal.any([signal, ownership.lost, stop.signal]),
      );
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
      stop.abort();
      await keeping;
      this.quarantine = null;
      await ownership.release();
    }
  }

  async #open(db: pg.Client, generation: Generation): Promise<BatchApplier> {
    const { eventStore, codec = { decodeEach } } = this.#options;
    const quarantine = await OrderQuarantine.load(db, generation.id);
    this.quarantine = quarantine;
    return new BatchApplier(new OrdersStore(db, generation), eventStore, { quarantine, codec });
  }

  #keepQuarantine(
    db: pg.Client,
    generation: Generation,
    applier: BatchApplier,
    signal: AbortSignal,
  ): Promise<void> {
    const { eventStore, logger, codec = { decodeEach } } = this.#options;
    const retrier = new ParkedOrderRetrier(applier, eventStore, codec.decodeEach);
    return new QuarantineKeeper({ db, generation, applier, retrier, logger }).run(signal);
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
        this.#noteCaughtUp(signal);
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
        this.#tellParked(applied.parked);
        pace.wrote(applied.events, applied.repeated);
        this.#noteCaughtUp(signal);
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
  #noteCaughtUp(signal: AbortSignal): void {
    if (this.#caughtUpAt === null || (this.progress.position ?? -1n) < this.#caughtUpAt) return;
    this.#caughtUpAt = null;
    this.lastError = null;
    if (!this.active && this.generation) this.#activation ??= this.#activate(this.generation, signal);
    this.#become('live');
  }

  async #activate(generation: Generation, signal: AbortSignal): Promise<void> {
    const position = this.progress.position ?? -1n;
    this.active = await activateWhenSearchable(this.#pool, generation, position, signal);
    if (this.active)
      this.#options.logger.info({ generation: generation.id }, 'queries are answered from this generation');
    this.#activation = null;
  }

  #tellParked(parked: readonly EventToPark[]): void {
    for (const { tenantId, orderId, revision, type, kind, reason } of parked) {
      if (kind === 'behind') continue;
      const about = { tenantId, orderId, revision, type, kind, reason };
      this.#options.logger.error(about, 'an order is parked: its later events wait');
    }
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
