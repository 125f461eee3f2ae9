import type pg from 'pg';
import { decodeEach, type EventCodec } from '#event-store/codec.js';
import type { ExactEventStore } from '#event-store/port.js';
import type { Logger } from '#platform/logging.js';
import { createPool } from '#platform/postgres.js';
import { checkpointOf } from '#read-models/checkpoints.js';
import { rowsAreKeptNoMore } from '#read-models/generations/generation-states.js';
import { activeGeneration, prepareGeneration, type Generation } from '#read-models/generations/generation.js';
import { bindToStore } from '#read-models/generations/made-from.js';
import { lastTakenEvent } from '#read-models/last-taken-event.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import type { ProjectionKey } from '#read-models/projection-key.js';
import { OrdersStore } from '#read-models/stores/orders.store.js';
import type { EventToPark } from '#read-models/stores/quarantine.store.js';
import { beginStretch } from '#read-models/stores/stretches.js';
import { BatchApplier } from './batch-applier.js';
import { OwnedOrders } from './owned-orders.js';
import { BatchedSubscription } from '../engine/batched-subscription.js';
import { storeNow } from '../engine/store-now.js';
import {
  ProjectionEngine,
  type Owned,
  type ProjectionState,
  type ProjectionWork,
} from '../engine/projection-engine.js';
import { Leases } from '../lease/leases.js';
import { ANSWER_LIMIT_MS } from '../lease/ownership.js';
import { Pace } from './pace.js';
import { Progress } from './progress.js';
import { OrderQuarantine } from '../quarantine/order-quarantine.js';
import { ParkedOrderRetrier } from '../quarantine/parked-order-retrier.js';
import { QuarantineKeeper } from '../quarantine/quarantine-keeper.js';
import { StatisticsKeeper } from './statistics-keeper.js';

export interface OrdersFollowerOptions {
  readonly eventStore: Pick<
    ExactEventStore,
    'subscribeToAll' | 'readStream' | 'headPosition' | 'appendExact'
  >;
  readonly postgresUrl: string;
  readonly logger: Logger;
  /** The leases of the process; by default this projector has its own. */
  readonly leases?: Leases;
  /** Chooses the generation to keep; by default this release's, created where there is none. */
  readonly generation?: (pool: pg.Pool) => Promise<Generation>;
  /** How events are decoded; by default as this release does. */
  readonly codec?: Pick<EventCodec, 'decodeEach'>;
  /**
   * Called with the position once a subscription's history is written; a rejection ends the subscription. The signal
   * aborts when the owner must let go, and is the same for all subscriptions of one ownership.
   */
  readonly onCaughtUp?: (generation: Generation, position: bigint, signal: AbortSignal) => Promise<void>;
  /** Of one batch. */
  readonly limits?: { readonly maxEvents: number; readonly maxBytes: number };
  /** How long a subscription may be silent before the watchdog looks for events that it should have delivered. */
  readonly silenceMs?: number;
  /** How long an answer from PostgreSQL is waited for. */
  readonly answerLimitMs?: number;
}

const LIMITS = { maxEvents: 500, maxBytes: 8_000_000 };
const RENEW =
  'give the projector the right event store, or have the read models built anew: run orderctl read-models renew, then start it again';

/** Keeps the rows of the projection `orders` up to date with the event store, for as long as it runs. */
export class OrdersFollower implements ProjectionWork {
  readonly name = ORDERS_PROJECTION;
  readonly progress = new Progress();
  readonly engine: ProjectionEngine;
  generation: Generation | null = null;
  /** Whether queries are answered from its rows. */
  active = false;
  #subscription: BatchedSubscription | null = null;
  /** By the session of the owner: a token may come again, in another generation or where a crash lost it. */
  #owned: { readonly db: pg.Client; readonly orders: OwnedOrders } | null = null;
  readonly #options: OrdersFollowerOptions;
  readonly #pool: pg.Pool;

  constructor(options: OrdersFollowerOptions) {
    this.#options = options;
    const { postgresUrl, logger, leases = new Leases(postgresUrl) } = options;
    const { answerLimitMs = ANSWER_LIMIT_MS } = options;
    this.engine = new ProjectionEngine(this, { postgresUrl, logger, leases, answerLimitMs });
    this.#pool = createPool(postgresUrl, {
      max: 1,
      applicationName: 'orderlog projector',
      statementTimeoutMs: answerLimitMs, // an answer that never comes would keep its one connection
    });
  }

  get state(): ProjectionState {
    return this.engine.state;
  }

  get lastError(): string | null {
    return this.engine.lastError;
  }

  get written(): number {
    return this.progress.totals.batches;
  }

  get position(): bigint | null {
    return this.progress.position;
  }

  /** Received, not yet written. */
  get pendingEvents(): number {
    return this.#subscription?.size ?? 0;
  }

  /** What is parked now; null: this process does not own the projection, or does not follow it just now. */
  get quarantine(): OrderQuarantine | null {
    return this.#subscription && (this.#owned?.orders.quarantine ?? null);
  }

  /** Returns when the signal aborts. Whatever keeps rows from being written is waited for, however long. */
  async run(signal: AbortSignal): Promise<void> {
    await this.engine.run(signal);
    await this.#pool.end();
  }

  async prepare(): Promise<ProjectionKey> {
    const { generation: choose = (pool: pg.Pool) => prepareGeneration(pool, null) } = this.#options;
    const generation = await choose(this.#pool);
    this.generation = generation;
    this.active = (await activeGeneration(this.#pool))?.rowsOf === generation.id;
    return { generation: generation.id, projection: ORDERS_PROJECTION };
  }

  isDropped(): Promise<boolean> {
    return rowsAreKeptNoMore(this.#pool, this.generation!);
  }

  async follow({ db, token, signal }: Owned): Promise<void> {
    const generation = this.generation!;
    const { eventStore, postgresUrl, logger, codec = { decodeEach } } = this.#options;
    const made = { generation: generation.id, projection: ORDERS_PROJECTION };
    this.progress.startsAt(await checkpointOf(db, generation.id, ORDERS_PROJECTION));
    // With every new subscription: another store may answer at the same address by now.
    const reached = { position: this.progress.position, lastEvent: await lastTakenEvent(db, generation) };
    await bindToStore(db, made, reached, await storeNow(eventStore), RENEW);
    if (this.#owned?.db !== db) {
      if (generation.searchIndex !== null) await beginStretch(db, generation, token);
      const store = new OrdersStore(db, generation, token);
      const quarantine = await OrderQuarantine.load(db, generation.id);
      this.#owned = { db, orders: new OwnedOrders(store, eventStore, { quarantine, codec }) };
    }
    const { orders } = this.#owned;
    const stop = new AbortController();
    const retrier = new ParkedOrderRetrier(orders);
    const keeper = new QuarantineKeeper({ db, generation, orders, retrier, logger });
    const keeping = keeper.run(AbortSignal.any([signal, stop.signal]));
    const statistics = new StatisticsKeeper({ postgresUrl, generation, logger });
    try {
      await this.#apply(new BatchApplier(orders), statistics, signal);
    } finally {
      stop.abort();
      await Promise.all([keeping, statistics.close()]);
    }
  }

  async #apply(applier: BatchApplier, statistics: StatisticsKeeper, signal: AbortSignal): Promise<never> {
    const { eventStore, limits = LIMITS, silenceMs } = this.#options;
    const pace = new Pace();
    const subscription = new BatchedSubscription({
      ...{ eventStore, limits, signal, after: this.progress.position },
      ...(silenceMs === undefined ? {} : { silenceMs }),
      onCaughtUp: () => this.#noteCaughtUp(subscription, signal),
    });
    this.#subscription = subscription;
    try {
      for (;;) {
        const batch = await subscription.next(() => pace.waitMs());
        if (this.state !== 'live') this.engine.become('catching_up');
        pace.writing();
        const applied = await applier.apply(batch);
        this.progress.wrote(applied, batch);
        statistics.wrote(applied.events - applied.duplicates);
        this.#tellParked(applied.parked);
        pace.wrote(applied.events, applied.repeated);
        this.#noteCaughtUp(subscription, signal);
      }
    } finally {
      this.#subscription = null;
      await subscription.close();
    }
  }

  /** Becomes live once everything is written that was delivered before the subscription caught up. */
  #noteCaughtUp(subscription: BatchedSubscription, signal: AbortSignal): void {
    const { position } = this.progress;
    if (!subscription.hasCaughtUp(position)) return;
    const told = this.generation && this.#options.onCaughtUp?.(this.generation, position ?? -1n, signal);
    told?.catch((error: unknown) => subscription.end(error));
    this.engine.become('live');
  }

  #tellParked(parked: readonly EventToPark[]): void {
    for (const { tenantId, orderId, revision, type, kind, reason } of parked) {
      if (kind === 'behind') continue;
      const about = { tenantId, orderId, revision, type, kind, reason };
      this.#options.logger.error(about, 'an order is parked: its later events wait');
    }
  }
}
