import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@elastic/elasticsearch';
import type pg from 'pg';
import type { EventStore } from '#event-store/port.js';
import { orderStream } from '#event-store/streams.js';
import { counted } from '#platform/counted.js';
import { checkpointOf } from '#read-models/checkpoints.js';
import { requireActiveGeneration, type Generation } from '#read-models/generations/generation.js';
import { ORDERS_PROJECTION, SEARCH_PROJECTION } from '#read-models/orders.projection.js';
import { IndexReader } from '#read-models/search/elasticsearch/index-reader.js';
import { isIndexMissing } from '#read-models/search/elasticsearch/requests.js';
import { SearchProgressStore } from '#read-models/stores/search-progress.store.js';
import { countOrders, orderKeys, sampledOrderKeys } from '#read-models/stores/order-keys.js';
import type { OrderKey } from '#read-models/order-key.js';
import { parkedOrders, type ParkedOrder } from '#read-models/stores/quarantine.store.js';
import { skippedEvents } from '#read-models/stores/skips.store.js';
import { loadRows, type StoredRows } from '#read-models/stores/stored-rows.js';
import { rowsWithoutOrder, streamsWithoutRow } from './coverage.js';
import type { Difference } from './differences.js';
import { forEachOf } from './for-each-of.js';
import type { Throttle } from '../replay/throttle.js';
import { lostIndex } from '../search/lost-index.js';
import { documentsWithoutOrder, verifyDocuments, type VerifiedIndex } from './verify-index.js';
import { verifyOrder } from './verify-order.js';

export interface VerifyOptions {
  readonly eventStore: Pick<EventStore, 'readStream' | 'subscribeToAll' | 'headPosition'>;
  /** Two connections are used. */
  readonly pool: pg.Pool;
  /** Where the generation has its index, if it has one; null: none is configured. */
  readonly elasticsearch: Client | null;
  /** The generation to verify; by default the active one. */
  readonly generation?: Generation;
  /** How many rows, chosen at random; absent: all rows, and whether every stream has its row. */
  readonly sample?: number;
  readonly onProgress?: (progress: VerifyProgress) => void;
  readonly signal?: AbortSignal;
  /** How long to wait for a projection that makes no progress. */
  readonly patienceMs?: number;
  /** For events that are read and documents that are compared; absent: no limit. */
  readonly throttle?: Throttle;
}

export interface VerifyProgress {
  /** Waiting for the projection to reach the head, looking for streams without row, comparing rows. */
  readonly phase: 'waiting' | 'streams' | 'rows';
  /** While waiting: the position that the projection is at; -1: it has no event yet. */
  readonly done: number;
  /** null: not known. */
  readonly total: number | null;
}

export interface VerifyResult {
  readonly generation: number;
  readonly sampled: boolean;
  /** Rows compared. */
  readonly orders: number;
  /** Events read from their streams. */
  readonly events: number;
  /** At most a thousand are kept; all are counted. */
  readonly differences: readonly Difference[];
  readonly differenceCount: number;
  /** Of the differences, orders whose stream alone cannot be read: their rows could not be compared with it. */
  readonly unread: readonly UnreadOrder[];
  /** Orders whose document the index refused; they are not compared with it. */
  readonly parked: readonly string[];
  /** Orders whose rows end where an event could not be applied; what follows it is no difference. */
  readonly parkedOrders: readonly StuckOrder[];
  readonly seconds: number;
}

/** An order of which something is parked, from its first parked event on. */
export type StuckOrder = Pick<ParkedOrder, 'tenantId' | 'orderId' | 'revision' | 'events' | 'reason'>;

/** An order whose stream alone cannot be read, and is not parked. */
export type UnreadOrder = Pick<ParkedOrder, 'tenantId' | 'orderId' | 'reason'>;

/** The documents of its index are out of reach. */
export class CannotVerify extends Error {}

const MAX_DIFFERENCES = 1_000;
const PATIENCE_MS = 10_000;
/** Longer for a generation that took hours to build: an engine that takes no writes for a while is not its fault. */
export const BUILD_PATIENCE_MS = 5 * 60_000;
const POLL_MS = 100;

/**
 * Compares the rows of a generation with a fresh fold of every stream. Runs beside a live
 * system: each row is compared at its own revision, and none may lack an event that was there at the start.
 *
 * @throws NoReadModels, CannotVerify
 */
export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  const generation = options.generation ?? (await requireActiveGeneration(options.pool));
  const verification = new Verification(options, generation, await openIndex(options, generation));
  return verification.run().catch((error: unknown) => {
    throw isIndexMissing(error) ? new CannotVerify(lostIndex(generation), { cause: error }) : error;
  });
}

/**
 * How many differences speak against a generation that was built. Orders whose stream alone cannot be read now count as
 * differences, but do not: there is nothing to judge their rows by. A deleted stream is not among them.
 */
export function countWrong({ differenceCount, unread }: VerifyResult): number {
  return differenceCount - unread.length;
}

/** Of orders that could not be compared: how many, and why one of them could not; null: all were compared. */
export function notCompared({ unread }: VerifyResult): string | null {
  const [example] = unread;
  if (!example) return null;
  const { tenantId, orderId, reason } = example;
  return `${counted(unread.length, 'order')} could not be compared with the events, such as ${tenantId}.${orderId}: ${reason}`;
}

/** @throws CannotVerify */
async function openIndex(
  { eventStore, pool, elasticsearch, patienceMs = PATIENCE_MS, signal }: VerifyOptions,
  generation: Generation,
): Promise<VerifiedIndex | null> {
  const { searchIndex } = generation;
  if (searchIndex === null) return null;
  if (elasticsearch === null) {
    throw new CannotVerify(
      `orders are searched in the index ${searchIndex}: give the address of Elasticsearch with --elasticsearch-url or ORDERLOG_ELASTICSEARCH_URL`,
    );
  }
  const parked = await new SearchProgressStore(pool, generation).parked();
  const reader = new IndexReader(elasticsearch, searchIndex);
  return { eventStore, pool, generation, reader, parked, patienceMs, signal };
}

class Verification {
  readonly #options: VerifyOptions;
  readonly #generation: Generation;
  readonly #index: VerifiedIndex | null;
  readonly #differences: Difference[] = [];
  readonly #unread: UnreadOrder[] = [];
  /** By stream. */
  readonly #parked = new Map<string, StuckOrder>();
  #differenceCount = 0;
  #orders = 0;
  #events = 0;

  constructor(options: VerifyOptions, generation: Generation, index: VerifiedIndex | null) {
    this.#options = options;
    this.#generation = generation;
    this.#index = index;
  }

  async run(): Promise<VerifyResult> {
    const startedMs = performance.now();
    const { sample } = this.#options;
    const head = (await this.#options.eventStore.headPosition()) ?? -1n;
    await this.#waitFor(ORDERS_PROJECTION, head);
    if (this.#index) await this.#waitFor(SEARCH_PROJECTION, head);
    await this.#findParked(); // after the wait: what could not be applied up to the head is parked by now
    if (sample === undefined) await this.#findWhatIsMissing(head);
    const { pool } = this.#options;
    const total = Math.min(sample ?? Infinity, await countOrders(pool, this.#generation));
    const keys =
      sample === undefined
        ? orderKeys(pool, this.#generation)
        : sampledOrderKeys(pool, this.#generation, sample);
    for await (const rows of this.#pages(keys)) {
      await this.#verifyPage(rows, head);
      this.#options.onProgress?.({ phase: 'rows', done: this.#orders, total });
    }
    return {
      generation: this.#generation.id,
      sampled: sample !== undefined,
      orders: this.#orders,
      events: this.#events,
      differences: this.#differences,
      differenceCount: this.#differenceCount,
      unread: this.#unread,
      parked: [...(this.#index?.parked ?? [])],
      parkedOrders: [...this.#parked.values()],
      seconds: Math.round(performance.now() - startedMs) / 1_000,
    };
  }

  /** Also returns when the projection makes no progress: its rows are then found to be behind. */
  async #waitFor(projection: string, head: bigint): Promise<void> {
    let last: bigint | null = null;
    let movedMs = performance.now();
    for (;;) {
      const { id, rowsOf } = this.#generation;
      const owner = projection === ORDERS_PROJECTION ? rowsOf : id;
      const position = await checkpointOf(this.#options.pool, owner, projection);
      if (position !== last) movedMs = performance.now();
      last = position;
      const stuck = performance.now() - movedMs >= (this.#options.patienceMs ?? PATIENCE_MS);
      if ((position ?? -1n) >= head || stuck) return;
      this.#options.onProgress?.({ phase: 'waiting', done: Number(position ?? -1n), total: Number(head) });
      await delay(POLL_MS, undefined, this.#options.signal ? { signal: this.#options.signal } : {});
    }
  }

  /**
   * Called before any row is read: by then a row has all events below the first parked one. It keeps them, even if
   * the order is taken further, or is parked no longer, meanwhile.
   */
  async #findParked(): Promise<void> {
    const scope = { projection: ORDERS_PROJECTION, generation: this.#generation.rowsOf };
    for (const order of await parkedOrders(this.#options.pool, scope)) {
      const { tenantId, orderId, revision, events, reason } = order;
      this.#parked.set(orderStream(tenantId, orderId), { tenantId, orderId, revision, events, reason });
    }
  }

  async #findWhatIsMissing(head: bigint): Promise<void> {
    const { eventStore, pool, signal, throttle, onProgress } = this.#options;
    const coverage = {
      ...{ eventStore, pool, ...(signal ? { signal } : {}), ...(throttle ? { throttle } : {}) },
      onEvents: (done: number) => onProgress?.({ phase: 'streams', done, total: null }),
    };
    const skipped = await skippedEvents(pool);
    for await (const found of streamsWithoutRow(coverage, this.#generation, head)) {
      const stream = orderStream(found.tenantId, found.orderId);
      // Without its first event nothing of an order can be folded.
      const needsNoRow = this.#parked.get(stream)?.revision === 0 || skipped.of(stream).has(0);
      if (!needsNoRow) this.#add(found);
    }
    for (const found of await rowsWithoutOrder(pool, this.#generation)) this.#add(found);
    if (!this.#index) return;
    for await (const found of documentsWithoutOrder(this.#index)) this.#add(found);
  }

  /** Loads one page ahead of the one that is being compared. */
  async *#pages(keys: AsyncGenerator<OrderKey[], undefined>): AsyncGenerator<StoredRows[]> {
    const load = async () => {
      const { value } = await keys.next();
      return value ? loadRows(this.#options.pool, this.#generation, value) : null;
    };
    let loading = load();
    for (;;) {
      const rows = await loading;
      if (rows === null) return;
      loading = load();
      loading.catch(() => {}); // thrown where it is awaited, if it is
      yield rows;
    }
  }

  async #verifyPage(rows: readonly StoredRows[], head: bigint): Promise<void> {
    const searchesTables = this.#index === null;
    // Read after the rows, so that every event that they leave out is known.
    const skips = await skippedEvents(this.#options.pool, { orders: rows });
    await forEachOf(rows, async (row) => {
      this.#options.signal?.throwIfAborted();
      const stream = orderStream(row.tenantId, row.orderId);
      const parkedFrom = this.#parked.get(stream)?.revision ?? null;
      const upTo = { headPosition: head, searchesTables, skipped: skips.of(stream), parkedFrom };
      const { events, differences, unread } = await verifyOrder(this.#options.eventStore, row, upTo);
      this.#orders += 1;
      this.#events += events;
      if (unread !== null)
        this.#unread.push({ tenantId: row.tenantId, orderId: row.orderId, reason: unread });
      differences.forEach((difference) => this.#add(difference));
      await this.#passed(events);
    });
    if (!this.#index) return;
    await this.#passed(rows.length);
    for (const difference of await verifyDocuments(this.#index, rows)) this.#add(difference);
  }

  async #passed(count: number): Promise<void> {
    await this.#options.throttle?.passed(count, this.#options.signal);
  }

  #add(difference: Difference): void {
    this.#differenceCount += 1;
    if (this.#differences.length < MAX_DIFFERENCES) this.#differences.push(difference);
  }
}
