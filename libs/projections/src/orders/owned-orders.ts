import type { EventCodec } from '#event-store/codec.js';
import type { OrdersStore } from '#read-models/stores/orders.store.js';
import { OneAtATime } from '../engine/one-at-a-time.js';
import type { OrderQuarantine } from '../quarantine/order-quarantine.js';
import { OrderAdvance, type AdvanceStore } from './order-advance.js';
import { OrderCache } from './order-cache.js';
import { OrderWriter } from './order-writer.js';

interface OwnedWith {
  /** What is parked already. */
  readonly quarantine: OrderQuarantine;
  readonly codec: Pick<EventCodec, 'decodeEach'>;
}

/**
 * What the owner of `orders` writes them with, in batches and one by one. What it remembers of them is right only for
 * as long as the owner's token holds.
 */
export class OwnedOrders {
  readonly store: OrdersStore;
  readonly eventStore: AdvanceStore;
  readonly quarantine: OrderQuarantine;
  readonly decodeEach: EventCodec['decodeEach'];
  readonly cache = new OrderCache();
  readonly writer: OrderWriter;
  readonly advance: OrderAdvance;
  /** One write at a time: a batch, or a retry of a parked order. */
  readonly oneAtATime = new OneAtATime();

  constructor(store: OrdersStore, eventStore: AdvanceStore, { quarantine, codec }: OwnedWith) {
    this.store = store;
    this.eventStore = eventStore;
    this.quarantine = quarantine;
    this.decodeEach = codec.decodeEach;
    this.writer = new OrderWriter(store, this.cache, quarantine);
    this.advance = new OrderAdvance(store, eventStore, codec.decodeEach);
  }
}
