import type { StoredExactEvent } from '#event-store/port.js';
import { storableRevision } from '../quarantine/faults.js';
import { BlockMemory } from './block-memory.js';
import { PackedEvents } from './packed-events.js';

/** An order, and its events that are in none of its rows. */
export interface OpenOrder {
  readonly stream: string;
  /** Of the first of them. */
  readonly fromRevision: number;
  /** Of the last. */
  revision: number;
  readonly events: PackedEvents;
}

/** An open order between its neighbours, of which `older` has gone longer without an event. */
interface Listed extends OpenOrder {
  older: Listed | null;
  newer: Listed | null;
}

/**
 * Orders whose events are being collected; those that have gone longest without an event come first. They are linked
 * to each other: a Map that is set anew with each event would leave one more string and, again and again, a whole
 * table to the garbage collector.
 */
export class OpenOrders {
  readonly #orders = new Map<string, Listed>();
  readonly #memory: BlockMemory;
  #oldest: Listed | null = null;
  #newest: Listed | null = null;
  #sizeBytes = 0;

  constructor(memory = new BlockMemory()) {
    this.#memory = memory;
  }

  get size(): number {
    return this.#orders.size;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get(stream: string): OpenOrder | undefined {
    return this.#orders.get(stream);
  }

  /** @returns whether the order was not open before */
  add(event: StoredExactEvent): boolean {
    const { stream } = event;
    const revision = storableRevision(event);
    const known = this.#orders.get(stream);
    const order = known ?? this.#opened(stream, revision);
    if (known) this.#unlink(known);
    this.#sizeBytes -= order.events.sizeBytes;
    order.events.push(event, revision);
    this.#sizeBytes += order.events.sizeBytes;
    order.revision = revision;
    this.#link(order);
    return known === undefined;
  }

  /** Takes out the first orders until their events have `bytes` bytes or more, or all are taken. */
  take(bytes: number): OpenOrder[] {
    const taken: OpenOrder[] = [];
    const goal = this.#sizeBytes - bytes;
    for (let order = this.#oldest; order !== null && this.#sizeBytes > goal; order = this.#oldest) {
      this.#unlink(order);
      this.#orders.delete(order.stream);
      this.#sizeBytes -= order.events.sizeBytes;
      taken.push(order);
    }
    return taken;
  }

  #opened(stream: string, revision: number): Listed {
    const events = new PackedEvents(this.#memory);
    const order: Listed = { stream, fromRevision: revision, revision, events, older: null, newer: null };
    this.#orders.set(stream, order);
    return order;
  }

  #link(order: Listed): void {
    order.older = this.#newest;
    if (this.#newest === null) this.#oldest = order;
    else this.#newest.newer = order;
    this.#newest = order;
  }

  #unlink(order: Listed): void {
    const { older, newer } = order;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
    order.older = order.newer = null;
  }
}
