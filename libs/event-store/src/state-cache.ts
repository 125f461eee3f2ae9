import { LRUCache } from 'lru-cache';
import type { Order } from '#domain/order/state.js';
import type { LoadedOrder } from './order-streams.js';
import { StateSize } from './state-size.js';

/** Room for some 18,000 orders of twenty lines. */
const DEFAULT_SIZE_BYTES = 128 * 1024 * 1024;
/** The share of that for states as objects. The rest is for states as text. */
const RECENT_SHARE = 1 / 4;
/** A larger state is not kept as text: writing and reading it would hold up other requests. */
const TEXT_MAX_BYTES = 256 * 1024;

interface Recent {
  readonly loaded: LoadedOrder;
  readonly size: StateSize;
}

/** A state as JSON. */
interface Older {
  readonly text: string;
  readonly position: bigint | null;
}

/** Of an older state besides its text: its key, its position, and its places in the lists of the cache. */
const ENTRY_BYTES = 500;

/** Keeps an order's state, once it is set or read, for as long as callers work on the order. */
interface Held {
  users: number;
  loaded: LoadedOrder | null;
}

interface Tiers {
  readonly recent: LRUCache<string, Recent>;
  readonly older: LRUCache<string, Older>;
}

/**
 * Folded states of the orders used last, bounded by their estimated size, and of the orders that are worked on. A
 * state may be out of date.
 *
 * The most recent states are kept as objects, older ones as JSON: that takes less memory, and a full collection of the
 * heap looks at a text once, but at every line of an order. With objects alone, a collection stopped a busy process for
 * a fifth of a second (`bench -- place`: the p99 at half load).
 */
export class StateCache {
  /** null: only the state of held orders is kept. */
  readonly #tiers: Tiers | null;
  readonly #held = new Map<string, Held>();

  /** @param options `maxSizeBytes` 0: only the state of held orders is kept */
  constructor({ maxSizeBytes = DEFAULT_SIZE_BYTES }: { maxSizeBytes?: number } = {}) {
    this.#tiers = maxSizeBytes === 0 ? null : tiersOf(maxSizeBytes);
  }

  /** While the order is held, always the same object, until another is set. */
  get(stream: string): LoadedOrder | null {
    const held = this.#held.get(stream);
    const recent = this.#tiers?.recent.get(stream)?.loaded;
    const loaded = recent ?? held?.loaded ?? this.#older(stream);
    if (held) held.loaded = loaded;
    return loaded;
  }

  /** An order that does not exist is not kept: it may exist a moment later, and made-up ids would fill the cache. */
  set(stream: string, loaded: LoadedOrder): void {
    if (loaded.order === null) return this.delete(stream);
    if (this.#tiers) {
      const { recent, older } = this.#tiers;
      const size = new StateSize(loaded.order, recent.peek(stream)?.size);
      older.delete(stream);
      recent.set(stream, { loaded, size }, { size: size.bytes });
    }
    const held = this.#held.get(stream);
    if (held) held.loaded = loaded;
  }

  delete(stream: string): void {
    this.#tiers?.recent.delete(stream);
    this.#tiers?.older.delete(stream);
    const held = this.#held.get(stream);
    if (held) held.loaded = null;
  }

  clear(): void {
    this.#tiers?.recent.clear();
    this.#tiers?.older.clear();
    for (const held of this.#held.values()) held.loaded = null;
  }

  /** Keeps the state that is set or read from now on, whatever is evicted, until each `hold` was followed by a `letGo`. */
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
    return this.#tiers ? this.#tiers.recent.size + this.#tiers.older.size : 0;
  }

  get estimatedSizeBytes(): number {
    return this.#tiers ? this.#tiers.recent.calculatedSize + this.#tiers.older.calculatedSize : 0;
  }

  /** Makes the state an object again. */
  #older(stream: string): LoadedOrder | null {
    const older = this.#tiers?.older.get(stream);
    if (!older) return null;
    const loaded = { order: JSON.parse(older.text) as Order, position: older.position };
    this.set(stream, loaded);
    return loaded;
  }
}

function tiersOf(maxSizeBytes: number): Tiers {
  const recentBytes = Math.ceil(maxSizeBytes * RECENT_SHARE);
  const older = new LRUCache<string, Older>({ maxSize: maxSizeBytes - recentBytes });
  const recent = new LRUCache<string, Recent>({
    maxSize: recentBytes,
    dispose: ({ loaded, size }, stream, reason) => {
      if (reason !== 'evict' || size.bytes > TEXT_MAX_BYTES) return;
      const text = JSON.stringify(loaded.order);
      older.set(stream, { text, position: loaded.position }, { size: ENTRY_BYTES + heapBytes(text) });
    },
  });
  return { recent, older };
}

/** V8 takes one byte for each character of a text whose characters are all Latin, else two. */
function heapBytes(text: string): number {
  return /[^\0-\xff]/.test(text) ? 2 * text.length : text.length;
}
