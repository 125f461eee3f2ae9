import type { EventCodec } from '#event-store/codec.js';
import type { RawEvent } from '#event-store/port.js';
import { UnreadableEvent } from '#event-store/errors.js';
import { orderStream, parseOrderStream } from '#event-store/streams.js';
import type { Order } from '#domain/order/state.js';
import { ForeignWrite } from '#read-models/stores/orders.store.js';
import type { OrderKey } from '#read-models/order-key.js';
import type { EventToPark } from '#read-models/stores/quarantine.store.js';
import type { EventBatch } from '../engine/event-buffer.js';
import type { FoldedOrder } from './folded-order.js';
import { parkedBehind, revisionOf, type OrderItem } from '../quarantine/faults.js';
import type { OwnedOrders } from './owned-orders.js';

export interface Applied {
  readonly events: number;
  /** Already in the rows, or parked: nothing to do. */
  readonly duplicates: number;
  /** Not delivered, but read from the stream and applied before what was delivered. */
  readonly filled: number;
  readonly rows: number;
  /** Events that followed another of their order in this batch or in the second before it. */
  readonly repeated: number;
  /** Parked instead of applied. */
  readonly parked: readonly EventToPark[];
}

const NOTHING: Applied = { events: 0, duplicates: 0, filled: 0, rows: 0, repeated: 0, parked: [] };
const RECENT_MS = 1_000;

type Delivered = Map<string, OrderItem[]>;

/** Turns batches of events into the final rows of the orders concerned, each written once. */
export class BatchApplier {
  readonly #orders: OwnedOrders;

  constructor(orders: OwnedOrders) {
    this.#orders = orders;
  }

  /** Writes rows, parked events and the checkpoint in one transaction. */
  apply(batch: EventBatch): Promise<Applied> {
    const { oneAtATime, store, decodeEach, cache } = this.#orders;
    return oneAtATime.run(async () => {
      if (batch.events.length === 0) {
        await store.writeCheckpoint(batch.position);
        return NOTHING;
      }
      const delivered = grouped(batch.events, await decodeEach(batch.events));
      try {
        return await this.#applyOrders(batch, delivered, { newAreNew: true });
      } catch (error) {
        if (!(error instanceof ForeignWrite)) throw error;
        cache.clear();
        return this.#applyOrders(batch, delivered, { newAreNew: false });
      }
    });
  }

  /** `newAreNew`: takes it that an order which begins in this batch has no row yet, and looks none up. */
  async #applyOrders(
    { events, position }: EventBatch,
    delivered: Delivered,
    { newAreNew }: { newAreNew: boolean },
  ): Promise<Applied> {
    const { store, quarantine, cache, advance, writer } = this.#orders;
    const nowMs = performance.now();
    const before = await this.#load(delivered, newAreNew);
    const folded: FoldedOrder[] = [];
    const toPark: EventToPark[] = [];
    let [duplicates, filled, repeated] = [0, 0, 0];
    store.begin();
    for (const [stream, items] of delivered) {
      const known = quarantine.get(stream);
      if (known) {
        const behind = items.filter((item) => revisionOf(item) > known.lastRevision);
        toPark.push(...behind.map((item) => parkedBehind(item, stream)));
        duplicates += items.length - behind.length;
        continue;
      }
      const recent = nowMs - (cache.get(stream)?.writtenAtMs ?? -Infinity) < RECENT_MS;
      repeated += recent ? items.length : items.length - 1;
      const skipped = quarantine.skipped.of(stream);
      const order = { stream, before: before.get(stream) ?? null, skipped, tried: null };
      const advanced = await advance.advance(order, items);
      if (advanced.folded) folded.push(advanced.folded);
      toPark.push(...advanced.parked);
      duplicates += advanced.duplicates;
      filled += advanced.filled;
    }
    const parked = await writer.write({ folded, parked: toPark, unparked: [], checkpoint: position });
    const rows = folded.length;
    return { events: events.length, duplicates, filled, rows, repeated, parked };
  }

  async #load(delivered: Delivered, newAreNew: boolean): Promise<Map<string, Order>> {
    const { store, quarantine, cache } = this.#orders;
    const found = new Map<string, Order>();
    const missing: OrderKey[] = [];
    for (const [stream, [first]] of delivered) {
      if (quarantine.get(stream)) continue; // not tried
      const cached = cache.get(stream);
      if (cached) found.set(stream, cached.order);
      else if (!newAreNew || revisionOf(first!) !== 0) missing.push(parseOrderStream(stream)!);
    }
    for (const order of await store.load(missing)) {
      found.set(orderStream(order.tenantId, order.orderId), order);
    }
    return found;
  }
}

/** Groups events by stream. An event whose stream belongs to no order, whatever its prefix, is left out. */
function grouped(
  raw: readonly RawEvent[],
  decoded: Awaited<ReturnType<EventCodec['decodeEach']>>,
): Delivered {
  const byStream: Delivered = new Map();
  for (const [index, item] of decoded.entries()) {
    const { stream } = raw[index]!;
    const ofStream = byStream.get(stream);
    if (ofStream) ofStream.push(item);
    else if (!(item instanceof UnreadableEvent) || parseOrderStream(stream)) byStream.set(stream, [item]);
  }
  return byStream;
}
