import { LRUCache } from 'lru-cache';
import { decode } from '#event-store/codec.js';
import { UnreadableEvent } from '#event-store/errors.js';
import type { RawEvent, StoredOrderEvent } from '#event-store/port.js';
import { headOf, type OrderHead } from '#integration-events/integration-event.js';
import { readStream, type ReadableStore } from '../engine/read-stream.js';

/** Some 300 bytes each. */
const CACHED_ORDERS = 50_000;

/** Reads and caches what every message says of its order and only the order's first event tells. */
export class OrderHeads {
  readonly #eventStore: ReadableStore;
  readonly #cache = new LRUCache<string, OrderHead>({ max: CACHED_ORDERS });

  constructor(eventStore: ReadableStore) {
    this.#eventStore = eventStore;
  }

  /**
   * The head of every order that the events belong to, by stream; or why the order's first event cannot be read.
   * @param decoded the same events, or the reason for each that cannot be read
   * @throws StoreUnavailable when the event store as a whole is away
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
    const read = await readStream(this.#eventStore, stream, { fromRevision: 0, maxCount: 1 });
    if (read instanceof Error) return read.message;
    if (read.length === 0) return `the first event of ${stream} is missing`;
    try {
      const [placed] = await decode(read);
      if (placed?.type !== 'OrderPlaced') return `${stream} does not begin with OrderPlaced`;
      const head = headOf(placed);
      this.#cache.set(stream, head);
      return head;
    } catch (error) {
      if (error instanceof UnreadableEvent) return error.message;
      throw error;
    }
  }
}
