import { LRUCache } from 'lru-cache';
import { decode } from '#event-store/codec.js';
import { StreamDeleted, UnreadableEvent } from '#event-store/errors.js';
import type { EventStore, RawEvent, StoredOrderEvent } from '#event-store/port.js';
import { headOf, type OrderHead } from '#integration-events/integration-event.js';

/** Some 300 bytes each. */
const CACHED_ORDERS = 50_000;

/** What every message says of its order, which only the order's first event tells. */
export class OrderHeads {
  readonly #eventStore: Pick<EventStore, 'readStream'>;
  readonly #cache = new LRUCache<string, OrderHead>({ max: CACHED_ORDERS });

  constructor(eventStore: Pick<EventStore, 'readStream'>) {
    this.#eventStore = eventStore;
  }

  /**
   * By stream, of every order that the events are of; for one whose first event cannot be read, why.
   * @param decoded the same events, or why one cannot be read
   * @throws StoreUnavailable
   */
  async of(
    events: readonly RawEvent[],
    decoded: readonly (StoredOrderEvent | string)[],
  ): Promise<Map<string, OrderHead | string>> {
    const heads = new Map<string, OrderHead | string>();
    const unknown: string[] = [];
    for (const [index, { stream }] of events.entries()) {
      const event = decoded[index]!;
      if (typeof event === 'string') continue;
      if (event.type === 'OrderPlaced') {
        const head = headOf(event);
        this.#cache.set(stream, head);
        heads.set(stream, head);
      } else if (!heads.has(stream)) {
        const head = this.#cache.get(stream);
        if (head === undefined) unknown.push(stream);
        heads.set(stream, head ?? '');
      }
    }
    await Promise.all(unknown.map(async (stream) => heads.set(stream, await this.#read(stream))));
    return heads;
  }

  async #read(stream: string): Promise<OrderHead | string> {
    try {
      for await (const raw of this.#eventStore.readStream(stream, { maxCount: 1 })) {
        const [placed] = await decode([raw]);
        if (placed?.type !== 'OrderPlaced') return `${stream} does not begin with OrderPlaced`;
        const head = headOf(placed);
        this.#cache.set(stream, head);
        return head;
      }
      return `the first event of ${stream} is not there`;
    } catch (error) {
      if (error instanceof UnreadableEvent || error instanceof StreamDeleted) return error.message;
      throw error;
    }
  }
}
