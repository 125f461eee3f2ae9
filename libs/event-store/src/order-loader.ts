import { evolve, type EvolveOrder } from '#domain/order/order.js';
import type { OrderState } from '#domain/order/state.js';
import type { EventCodec } from './codec.js';
import type { EventStore, RawEvent, StoredOrderEvent } from './port.js';
import type { LoadedOrder, StateCache } from './state-cache.js';

/** Events folded at a time: decoding in batches fetches keys in batches, and keeps memory flat. */
const BATCH_EVENTS = 500;

/** Orders from their streams, through a cache of folded state. */
export class OrderLoader {
  readonly #eventStore: EventStore;
  readonly #codec: EventCodec;
  readonly #cache: StateCache;
  readonly #evolve: EvolveOrder;

  constructor(eventStore: EventStore, codec: EventCodec, cache: StateCache, evolveOrder = evolve) {
    this.#eventStore = eventStore;
    this.#codec = codec;
    this.#cache = cache;
    this.#evolve = evolveOrder;
  }

  /** As cached, which may be out of date; null: not cached. */
  cached(stream: string): LoadedOrder | null {
    return this.#cache.get(stream);
  }

  /** As it is in the store now: only what came after `known` is read. */
  async refresh(stream: string, known: LoadedOrder | null = this.cached(stream)): Promise<LoadedOrder> {
    let { order, position }: LoadedOrder = known ?? { order: null, position: null };
    const fromRevision = order === null ? 0 : order.revision + 1;
    for await (const batch of this.#batches(stream, fromRevision)) {
      order = fold(order, batch, this.#evolve);
      position = batch.at(-1)!.position;
    }
    const fresh = { order, position };
    // That a stream does not exist says little later on, and would fill the cache with made-up ids.
    if (order !== null) this.#cache.set(stream, fresh);
    return fresh;
  }

  /** Some events of a stream, decoded. */
  async events(stream: string, fromRevision: number, maxCount: number): Promise<readonly StoredOrderEvent[]> {
    const raw: RawEvent[] = [];
    for await (const event of this.#eventStore.readStream(stream, { fromRevision, maxCount }))
      raw.push(event);
    return this.#codec.decode(raw);
  }

  /** Remembers what an append of ours made of the order. */
  remember(stream: string, loaded: LoadedOrder): void {
    this.#cache.set(stream, loaded);
  }

  async *#batches(stream: string, fromRevision: number): AsyncGenerator<readonly StoredOrderEvent[]> {
    let batch: RawEvent[] = [];
    for await (const event of this.#eventStore.readStream(stream, { fromRevision })) {
      batch.push(event);
      if (batch.length < BATCH_EVENTS) continue;
      yield await this.#codec.decode(batch);
      batch = [];
    }
    if (batch.length > 0) yield await this.#codec.decode(batch);
  }
}

export function fold(
  order: OrderState,
  events: readonly StoredOrderEvent[],
  evolveOrder: EvolveOrder = evolve,
): OrderState {
  return events.reduce<OrderState>((state, event) => evolveOrder(state, event), order);
}
