import { evolve, type EvolveOrder } from '#domain/order/order.js';
import type { OrderState } from '#domain/order/state.js';
import type { EventCodec } from './codec.js';
import type { EventStore, RawEvent, StoredOrderEvent } from './port.js';

/** Events decoded and folded at a time: decoding in batches fetches keys in batches, and keeps memory flat. */
const BATCH_EVENTS = 500;

/** An order at one revision of its stream. */
export interface LoadedOrder {
  /** null: there is no such stream. */
  readonly order: OrderState;
  /** Position of its last event in `$all`; null: it has no event. */
  readonly position: bigint | null;
}

/** Loads orders from their events alone. */
export class OrderStreams {
  readonly #eventStore: Pick<EventStore, 'readStream'>;
  readonly #codec: EventCodec;
  readonly #evolve: EvolveOrder;

  /** @param evolveOrder a fold other than the domain's, for tests */
  constructor(
    eventStore: Pick<EventStore, 'readStream'>,
    codec: EventCodec,
    evolveOrder: EvolveOrder = evolve,
  ) {
    this.#eventStore = eventStore;
    this.#codec = codec;
    this.#evolve = evolveOrder;
  }

  /** Folds the events after `known`, up to and including `upToRevision` if given. @throws UnreadableEvent */
  async foldOn(stream: string, known: LoadedOrder, upToRevision?: number): Promise<LoadedOrder> {
    const fromRevision = known.order === null ? 0 : known.order.revision + 1;
    if (upToRevision !== undefined && upToRevision < fromRevision) return known;
    const limit = upToRevision === undefined ? {} : { maxCount: upToRevision - fromRevision + 1 };
    return this.foldEach(this.#eventStore.readStream(stream, { fromRevision, ...limit }), known);
  }

  /** Folds the given events, which follow `known`. @throws UnreadableEvent */
  async foldEach(
    events: AsyncIterable<RawEvent> | Iterable<RawEvent>,
    known: LoadedOrder,
  ): Promise<LoadedOrder> {
    let { order, position } = known;
    for await (const batch of batched(events)) {
      order = fold(order, await this.#codec.decode(batch), this.#evolve);
      position = batch.at(-1)!.position;
    }
    return { order, position };
  }

  /** Some events of a stream, as they are stored. */
  async read(stream: string, fromRevision: number, maxCount: number): Promise<readonly RawEvent[]> {
    const raw: RawEvent[] = [];
    for await (const event of this.#eventStore.readStream(stream, { fromRevision, maxCount }))
      raw.push(event);
    return raw;
  }

  /** The same, decoded. @throws UnreadableEvent */
  async events(stream: string, fromRevision: number, maxCount: number): Promise<readonly StoredOrderEvent[]> {
    return this.#codec.decode(await this.read(stream, fromRevision, maxCount));
  }

  /** All events from a revision on, as they are stored. */
  readFrom(stream: string, fromRevision: number): AsyncIterable<RawEvent> {
    return this.#eventStore.readStream(stream, { fromRevision });
  }
}

export function fold(
  order: OrderState,
  events: readonly StoredOrderEvent[],
  evolveOrder: EvolveOrder = evolve,
): OrderState {
  return events.reduce<OrderState>((state, event) => evolveOrder(state, event), order);
}

async function* batched(
  events: AsyncIterable<RawEvent> | Iterable<RawEvent>,
): AsyncGenerator<readonly RawEvent[]> {
  let batch: RawEvent[] = [];
  for await (const event of events) {
    batch.push(event);
    if (batch.length < BATCH_EVENTS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
