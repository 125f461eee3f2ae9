import { LRUCache } from 'lru-cache';
import type { LoadedOrder } from './order-streams.js';
import { StateSize } from './state-size.js';

/** Room for some 15,000 orders of twenty lines. */
const DEFAULT_SIZE_BYTES = 192 * 1024 * 1024;

/** Keeps an order's state, once it is set, for as long as callers work on the order. */
interface Held {
  users: number;
  loaded: LoadedOrder | null;
}

interface Entry {
  readonly loaded: LoadedOrder;
  /** null: there is no such order. */
  readonly size: StateSize | null;
}

/** Of an entry that says that there is no such order. */
const NO_ORDER_BYTES = 100;

/**
 * Folded states of the orders used last, bounded by their estimated size, and of the orders that are worked on. A
 * state may be out of date.
 */
export class StateCache {
  /** null: only the state of held orders is kept. */
  readonly #orders: LRUCache<string, Entry> | null;
  readonly #held = new Map<string, Held>();

  /** @param options `maxSizeBytes` 0: only the state of held orders is kept */
  constructor({ maxSizeBytes = DEFAULT_SIZE_BYTES }: { maxSizeBytes?: number } = {}) {
    this.#orders = maxSizeBytes === 0 ? null : new LRUCache({ maxSize: maxSizeBytes });
  }

  get(stream: string): LoadedOrder | null {
    return this.#orders?.get(stream)?.loaded ?? this.#held.get(stream)?.loaded ?? null;
  }

  set(stream: string, loaded: LoadedOrder): void {
    if (this.#orders) this.#store(this.#orders, stream, loaded);
    const held = this.#held.get(stream);
    if (held) held.loaded = loaded;
  }

  #store(orders: LRUCache<string, Entry>, stream: string, loaded: LoadedOrder): void {
    const { order } = loaded;
    const size = order && new StateSize(order, orders.peek(stream)?.size);
    orders.set(stream, { loaded, size }, { size: size?.bytes ?? NO_ORDER_BYTES });
  }

  delete(stream: string): void {
    this.#orders?.delete(stream);
    const held = this.#held.get(stream);
    if (held) held.loaded = null;
  }

  clear(): void {
    this.#orders?.clear();
    for (const held of this.#held.values()) held.loaded = null;
  }

  /** Keeps the state that is set from now on, whatever is evicted, until each `hold` was followed by a `letGo`. */
  hold(stream: string): void {
    const held = this.#held.get(stream);
    if (held) held.users += 1;
    else this.#held.set(stream, { users: 1, loaded: null });
  }

  letGo(stream: string): void {
    const held = this.#held.get(stream);
    if (held && (held.users -= 1) === 0) this.#held.delete(stream);
  }

  get count(): number {
    return this.#orders?.size ?? 0;
  }

  get estimatedSizeBytes(): number {
    return this.#orders?.calculatedSize ?? 0;
  }
}
