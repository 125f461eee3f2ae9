import { LRUCache } from 'lru-cache';
import type { Order } from '#domain/order/state.js';

export interface CachedOrder {
  readonly order: Order;
  readonly writtenAtMs: number;
}

// An order takes memory mostly for its lines; a full cache takes about 60 MB. In a large shop, a few thousand
// orders are active at one time. An order that is not cached is read from its row, which costs more than folding
// its event and writing it.
const MAX_LINES = 60_000;
const LINES_WORTH_OF_AN_ORDER = 10;

/**
 * Orders as this owner committed them last. Nobody else writes rows while the lease is held, so the cache agrees
 * with the table.
 */
export class OrderCache {
  readonly #orders = new LRUCache<string, CachedOrder>({
    maxSize: MAX_LINES,
    sizeCalculation: ({ order }) => order.lines.length + LINES_WORTH_OF_AN_ORDER,
  });

  get(stream: string): CachedOrder | undefined {
    return this.#orders.get(stream);
  }

  /** To be called with what a committed transaction wrote. */
  committed(stream: string, order: Order, nowMs: number): void {
    // Handled commands are left out: no reader needs them, and they would grow with every event.
    this.#orders.set(stream, { order: { ...order, handled: [] }, writtenAtMs: nowMs });
  }

  forget(stream: string): void {
    this.#orders.delete(stream);
  }

  clear(): void {
    this.#orders.clear();
  }
}
