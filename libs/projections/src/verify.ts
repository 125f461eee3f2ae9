import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { EventStore } from '#event-store/port.js';
import { ORDER_STREAM_PREFIX, parseOrderStream } from '#event-store/streams.js';
import { checkpointOf } from '#read-models/checkpoints.js';
import { activeGeneration, type Generation } from '#read-models/generations.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import type { OrderKey } from '#read-models/stores/orders-store.js';
import type { Difference } from './differences.js';
import { loadRows } from './verified-rows.js';
import { verifyOrder } from './verify-order.js';

export interface VerifyOptions {
  readonly eventStore: Pick<EventStore, 'readStream' | 'subscribeToAll' | 'headPosition'>;
  /** Two connections are used. */
  readonly pool: pg.Pool;
  /** So many rows, chosen at random; absent: all, and whether every stream has its row. */
  readonly sample?: number;
  readonly onProgress?: (progress: VerifyProgress) => void;
  readonly signal?: AbortSignal;
  /** How long a projection that does not move is waited for. */
  readonly patienceMs?: number;
}

export interface VerifyProgress {
  /** Waiting for the projection to reach the head, looking for streams without row, comparing rows. */
  readonly phase: 'waiting' | 'streams' | 'rows';
  readonly done: number;
  /** null: not known. */
  readonly total: number | null;
}

export interface VerifyResult {
  readonly generation: number;
  readonly sampled: boolean;
  /** Rows compared. */
  readonly orders: number;
  /** Events folded for it. */
  readonly events: number;
  /** At most a thousand are kept; all are counted. */
  readonly differences: readonly Difference[];
  readonly differenceCount: number;
  readonly seconds: number;
}

/** There are no read models of this release yet. */
export class NothingToVerify extends Error {}

const PAGE_ORDERS = 200;
const CONCURRENT_STREAMS = 8;
const MAX_DIFFERENCES = 1_000;
const PATIENCE_MS = 10_000;
const POLL_MS = 100;

/**
 * Compares the rows of the active generation with a fresh fold of every stream. Runs beside a live
 * system: each row is compared at its own revision, and none may lack an event that was there at the start.
 */
export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  const generation = await activeGeneration(options.pool);
  if (!generation)
    throw new NothingToVerify('there are no read models of this release: no projector has run yet');
  return new Verification(options, generation).run();
}

class Verification {
  readonly #options: VerifyOptions;
  readonly #generation: Generation;
  readonly #differences: Difference[] = [];
  #differenceCount = 0;
  #orders = 0;
  #events = 0;

  constructor(options: VerifyOptions, generation: Generation) {
    this.#options = options;
    this.#generation = generation;
  }

  async run(): Promise<VerifyResult> {
    const startedMs = performance.now();
    const { sample } = this.#options;
    const head = (await this.#options.eventStore.headPosition()) ?? -1n;
    await this.#waitForProjection(head);
    if (sample === undefined) {
      await this.#findStreamsWithoutRow(head);
      await this.#findRowsWithoutOrder();
    }
    const total = sample ?? (await this.#count());
    for await (const keys of sample === undefined ? this.#allKeys() : this.#sampledKeys(sample)) {
      await this.#verifyPage(keys, head);
      this.#options.onProgress?.({ phase: 'rows', done: this.#orders, total });
    }
    return {
      generation: this.#generation.id,
      sampled: sample !== undefined,
      orders: this.#orders,
      events: this.#events,
      differences: this.#differences,
      differenceCount: this.#differenceCount,
      seconds: Math.round(performance.now() - startedMs) / 1_000,
    };
  }

  /** Returns as well when the projection does not move: then rows are found to be behind. */
  async #waitForProjection(head: bigint): Promise<void> {
    let last: bigint | null = null;
    let movedMs = performance.now();
    for (;;) {
      const position = await checkpointOf(this.#options.pool, this.#generation.id, ORDERS_PROJECTION);
      if (position !== last) movedMs = performance.now();
      last = position;
      const stuck = performance.now() - movedMs >= (this.#options.patienceMs ?? PATIENCE_MS);
      if ((position ?? -1n) >= head || stuck) return;
      this.#options.onProgress?.({ phase: 'waiting', done: Number(position ?? 0n), total: Number(head) });
      await delay(POLL_MS, undefined, this.#options.signal ? { signal: this.#options.signal } : {});
    }
  }

  async #findStreamsWithoutRow(head: bigint): Promise<void> {
    const stop = new AbortController();
    const signals = [stop.signal, ...(this.#options.signal ? [this.#options.signal] : [])];
    const subscription = { after: null, streamPrefix: ORDER_STREAM_PREFIX, signal: AbortSignal.any(signals) };
    let keys: OrderKey[] = [];
    let done = 0;
    try {
      for await (const message of this.#options.eventStore.subscribeToAll(subscription)) {
        if (message.kind === 'caughtUp') break;
        const position = message.kind === 'event' ? message.event.position : message.position;
        if (position > head) break;
        if (message.kind === 'event' && message.event.revision === 0) {
          const key = parseOrderStream(message.event.stream);
          if (key) keys.push(key); // what is no stream of an order, the projection refuses by itself
          if (keys.length === PAGE_ORDERS) {
            await this.#reportMissing(keys);
            keys = [];
          }
        }
        if (++done % 5_000 === 0) this.#options.onProgress?.({ phase: 'streams', done, total: null });
        if (position === head) break;
      }
    } finally {
      stop.abort();
    }
    await this.#reportMissing(keys);
    this.#options.signal?.throwIfAborted();
  }

  async #reportMissing(keys: readonly OrderKey[]): Promise<void> {
    const { rows } = await this.#options.pool.query<{ tenant_id: string; order_id: string }>(
      `SELECT k.tenant_id, k.order_id FROM unnest($1::text[], $2::uuid[]) AS k (tenant_id, order_id)
       WHERE NOT EXISTS (SELECT FROM ${this.#generation.schema}.orders o
         WHERE o.tenant_id = k.tenant_id AND o.order_id = k.order_id)`,
      [keys.map(({ tenantId }) => tenantId), keys.map(({ orderId }) => orderId)],
    );
    for (const row of rows) this.#add(wholeRow(row, 'missing_row', 'orders'));
  }

  async #findRowsWithoutOrder(): Promise<void> {
    for (const table of ['order_history', 'order_search']) {
      const { rows } = await this.#options.pool.query<{ tenant_id: string; order_id: string }>(
        `SELECT DISTINCT r.tenant_id, r.order_id FROM ${this.#generation.schema}.${table} r
         WHERE NOT EXISTS (SELECT FROM ${this.#generation.schema}.orders o
           WHERE o.tenant_id = r.tenant_id AND o.order_id = r.order_id) LIMIT ${MAX_DIFFERENCES}`,
      );
      for (const row of rows) this.#add(wholeRow(row, 'extra_row', table));
    }
  }

  async #verifyPage(keys: readonly OrderKey[], head: bigint): Promise<void> {
    const rows = await loadRows(this.#options.pool, this.#generation, keys);
    const next = rows.values();
    const worker = async () => {
      for (const row of next) {
        this.#options.signal?.throwIfAborted();
        const { events, differences } = await verifyOrder(this.#options.eventStore, row, head);
        this.#orders += 1;
        this.#events += events;
        differences.forEach((difference) => this.#add(difference));
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT_STREAMS }, worker));
  }

  async *#allKeys(): AsyncGenerator<OrderKey[]> {
    let after: OrderKey | null = null;
    for (;;) {
      const keys: OrderKey[] = await this.#keys(
        after
          ? 'WHERE (tenant_id, order_id) > ($2, $3) ORDER BY tenant_id, order_id'
          : 'ORDER BY tenant_id, order_id',
        PAGE_ORDERS,
        after ? [after.tenantId, after.orderId] : [],
      );
      if (keys.length === 0) return;
      yield keys;
      after = keys.at(-1)!;
    }
  }

  async *#sampledKeys(sample: number): AsyncGenerator<OrderKey[]> {
    const keys = await this.#keys('ORDER BY random()', sample, []);
    for (let from = 0; from < keys.length; from += PAGE_ORDERS) yield keys.slice(from, from + PAGE_ORDERS);
  }

  async #keys(clauses: string, limit: number, values: readonly string[]): Promise<OrderKey[]> {
    const { rows } = await this.#options.pool.query<OrderKey>(
      `SELECT tenant_id AS "tenantId", order_id AS "orderId" FROM ${this.#generation.schema}.orders ${clauses} LIMIT $1`,
      [limit, ...values],
    );
    return rows;
  }

  async #count(): Promise<number> {
    const { rows } = await this.#options.pool.query<{ count: string }>(
      `SELECT count(*) FROM ${this.#generation.schema}.orders`,
    );
    return Number(rows[0]!.count);
  }

  #add(difference: Difference): void {
    this.#differenceCount += 1;
    if (this.#differences.length < MAX_DIFFERENCES) this.#differences.push(difference);
  }
}

function wholeRow(
  row: { tenant_id: string; order_id: string },
  kind: 'missing_row' | 'extra_row',
  path: string,
): Difference {
  return { tenantId: row.tenant_id, orderId: row.order_id, kind, path, expected: null, actual: null };
}
