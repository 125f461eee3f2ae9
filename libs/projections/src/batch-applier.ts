import { decode } from '#event-store/codec.js';
import type { EventStore, RawEvent, StoredOrderEvent } from '#event-store/port.js';
import { orderStream, parseOrderStream } from '#event-store/streams.js';
import type { Instant } from '#domain/instant.js';
import type { Order } from '#domain/order/state.js';
import { ForeignWrite, type OrderKey, type OrdersStore } from '#read-models/stores/orders-store.js';
import { UnappliableEvent } from './errors.js';
import type { Batch } from './event-buffer.js';
import { FoldedBatch } from './folded-batch.js';
import { OrderCache } from './order-cache.js';

export interface Applied {
  readonly events: number;
  /** Already in the rows: skipped. */
  readonly duplicates: number;
  /** Not delivered, but in the stream: applied before what was delivered. */
  readonly filled: number;
  readonly rows: number;
  /** Events that followed another of their order in this batch or in the second before it. */
  readonly repeated: number;
  /** Of the batch's last event. */
  readonly lastRecordedAt: Instant | null;
}

const NOTHING: Applied = { events: 0, duplicates: 0, filled: 0, rows: 0, repeated: 0, lastRecordedAt: null };
const RECENT_MS = 1_000;

/** Turns batches of events into the final rows of the orders concerned, each written once. */
export class BatchApplier {
  readonly #store: OrdersStore;
  readonly #eventStore: Pick<EventStore, 'readStream'>;
  readonly #cache = new OrderCache();

  constructor(store: OrdersStore, eventStore: Pick<EventStore, 'readStream'>) {
    this.#store = store;
    this.#eventStore = eventStore;
  }

  /**
   * Rows and checkpoint in one transaction.
   * @throws UnappliableEvent, UnreadableEvent: nothing of the batch was written
   */
  async apply(batch: Batch): Promise<Applied> {
    if (batch.events.length === 0) {
      await this.#store.writeCheckpoint(batch.position);
      return NOTHING;
    }
    const stored = await decode(batch.events);
    try {
      return await this.#applyOrders(batch.position, stored, { newAreNew: true });
    } catch (error) {
      if (!(error instanceof ForeignWrite)) throw error;
      this.#cache.clear();
      return this.#applyOrders(batch.position, stored, { newAreNew: false });
    }
  }

  /** `newAreNew`: an order that begins in this batch has no row yet, so none is looked for. */
  async #applyOrders(
    position: bigint,
    stored: readonly StoredOrderEvent[],
    { newAreNew }: { newAreNew: boolean },
  ): Promise<Applied> {
    const nowMs = performance.now();
    const byStream = grouped(stored);
    const before = await this.#load(byStream, newAreNew);
    const work = new FoldedBatch();
    for (const [stream, events] of byStream) {
      const recent = nowMs - (this.#cache.get(stream)?.writtenAtMs ?? -Infinity) < RECENT_MS;
      work.repeated += recent ? events.length : events.length - 1;
      const order = before.get(stream) ?? null;
      const next = work.withoutDuplicates(order, events);
      work.fold(stream, order, await this.#withoutGaps(stream, order, next, work));
    }
    await this.#store.write({ ...work, orders: [...work.orders.values()], checkpoint: position });
    for (const [stream, order] of work.orders) this.#cache.committed(stream, order, nowMs);
    const lastRecordedAt = stored.at(-1)?.recording.recordedAt ?? null;
    return { ...work.counts(), events: stored.length, lastRecordedAt };
  }

  async #load(
    byStream: ReadonlyMap<string, readonly StoredOrderEvent[]>,
    newAreNew: boolean,
  ): Promise<Map<string, Order>> {
    const found = new Map<string, Order>();
    const missing: OrderKey[] = [];
    for (const [stream, [first]] of byStream) {
      const cached = this.#cache.get(stream);
      if (cached) found.set(stream, cached.order);
      else if (!newAreNew || first?.recording.revision !== 0) missing.push(parseOrderStream(stream)!);
    }
    for (const order of await this.#store.load(missing)) {
      found.set(orderStream(order.tenantId, order.orderId), order);
    }
    return found;
  }

  async #withoutGaps(
    stream: string,
    order: Order | null,
    events: readonly StoredOrderEvent[],
    work: FoldedBatch,
  ): Promise<readonly StoredOrderEvent[]> {
    let revision = order?.revision ?? -1;
    const whole: StoredOrderEvent[] = [];
    for (const event of events) {
      const missing = event.recording.revision - revision - 1;
      if (missing > 0) {
        const found = await this.#read(stream, revision + 1, missing);
        work.filled += found.length;
        whole.push(...found);
      }
      whole.push(event);
      revision = event.recording.revision;
    }
    return whole;
  }

  async #read(stream: string, fromRevision: number, count: number): Promise<readonly StoredOrderEvent[]> {
    const found: RawEvent[] = [];
    for await (const event of this.#eventStore.readStream(stream, { fromRevision, maxCount: count })) {
      found.push(event);
    }
    const lost = Array.from({ length: count }, (_, index) => index).find(
      (index) => found[index]?.revision !== fromRevision + index,
    );
    if (lost !== undefined) {
      throw new UnappliableEvent(
        stream,
        fromRevision + lost,
        'is missing: its stream has later events, but not this one',
      );
    }
    return decode(found);
  }
}

function grouped(events: readonly StoredOrderEvent[]): Map<string, StoredOrderEvent[]> {
  const byStream = new Map<string, StoredOrderEvent[]>();
  for (const event of events) {
    const stream = orderStream(event.metadata.tenantId, event.orderId);
    const ofStream = byStream.get(stream);
    if (ofStream) ofStream.push(event);
    else byStream.set(stream, [event]);
  }
  return byStream;
}
