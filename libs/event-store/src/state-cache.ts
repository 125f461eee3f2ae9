import { LRUCache } from 'lru-cache';
import type { Order } from '#domain/order/state.js';
import type { LoadedOrder } from './order-streams.js';

/** Room for some 15,000 orders of twenty lines. */
const DEFAULT_SIZE_BYTES = 192 * 1024 * 1024;

/** Keeps an order's state, once it is set, for as long as callers work on the order. */
interface Held {
  users: number;
  loaded: LoadedOrder | null;
}

/**
 * Folded states of the orders used last, bounded by their estimated size, and of the orders that are worked on. A
 * state may be out of date.
 */
export class StateCache {
  /** null: only the state of held orders is kept. */
  readonly #orders: LRUCache<string, LoadedOrder> | null;
  readonly #held = new Map<string, Held>();

  /** @param options `maxSizeBytes` 0: only the state of held orders is kept */
  constructor({ maxSizeBytes = DEFAULT_SIZE_BYTES }: { maxSizeBytes?: number } = {}) {
    const bounds = { maxSize: maxSizeBytes, sizeCalculation: estimatedSizeBytes };
    this.#orders = maxSizeBytes === 0 ? null : new LRUCache(bounds);
  }

  get(stream: string): LoadedOrder | null {
    return this.#orders?.get(stream) ?? this.#held.get(stream)?.loaded ?? null;
  }

  set(stream: string, loaded: LoadedOrder): void {
    this.#orders?.set(stream, loaded);
    const held = this.#held.get(stream);
    if (held) held.loaded = loaded;
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

/** Heap of an entry, and of each part that an order can have many of, as measured on orders of the shop. */
const ENTRY_BYTES = 3_000;
const LINE_BYTES = 450;
const PART_BYTES = 350;
/** Of the units of one line, in the list of a shipment, a return, a refund … */
const UNITS_BYTES = 110;
/** Of an attribute, or a tag. */
const WORD_BYTES = 160;
/** A text up to this length, such as an id, is included in the figure of the part that holds it. */
const SHORT_CHARACTERS = 40;

function estimatedSizeBytes({ order }: LoadedOrder): number {
  if (order === null) return ENTRY_BYTES;
  const { lines, handled, retiredIds, attributes, tags, ...others } = order;
  const { payments, shipments, cancellations, returns } = others;
  const parts = [
    others.discounts,
    others.surcharges,
    payments.authorizations,
    payments.captures,
    payments.failures,
    payments.voids,
    others.refunds,
    shipments,
    cancellations,
    returns,
    others.notes,
    handled,
    retiredIds,
  ].reduce((count, part) => count + part.length, 0);
  const listed = [...shipments, ...cancellations, ...returns, ...linesRefunded(others.refunds), others.stock];
  const units = listed.reduce((count, part) => count + part.lines.length, 0);
  const words = Object.keys(attributes).length + tags.length;
  const named = lines.reduce((sum, { name, sku }) => sum + longTextBytes(name) + longTextBytes(sku), 0);
  const texts = named + longTextBytes(attributes) + longTextBytes(others);
  return (
    ENTRY_BYTES +
    lines.length * LINE_BYTES +
    parts * PART_BYTES +
    units * UNITS_BYTES +
    words * WORD_BYTES +
    texts
  );
}

function linesRefunded(refunds: Order['refunds']): { readonly lines: readonly unknown[] }[] {
  return refunds.flatMap(({ of }) => (of.kind === 'lines' ? [of] : []));
}

/** Heap of the long texts in a value: two bytes a character, as for most scripts other than Latin. */
function longTextBytes(value: unknown): number {
  if (typeof value === 'string') return 2 * Math.max(0, value.length - SHORT_CHARACTERS);
  if (typeof value !== 'object' || value === null) return 0;
  let bytes = 0;
  for (const part of Object.values(value)) bytes += longTextBytes(part);
  return bytes;
}
