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

/** Orders whose events are being collected; those that have gone longest without an event come first. */
export class OpenOrders {
  readonly #orders = new Map<string, OpenOrder>();
  readonly #memory: BlockMemory;
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
    const order = known ?? {
      stream,
      fromRevision: revision,
      revision,
      events: new PackedEvents(this.#memory),
    };
    if (known) this.#forget(known);
    order.events.push({ ...event, revision });
    order.revision = revision;
    this.#sizeBytes += order.events.sizeBytes;
    this.#orders.set(stream, order);
    return known === undefined;
  }

  /** Takes out the first orders, with so many bytes of events or more, or all. */
  take(bytes: number): OpenOrder[] {
    const taken: OpenOrder[] = [];
    const goal = this.#sizeBytes - bytes;
    for (const order of this.#orders.values()) {
      if (this.#sizeBytes <= goal) break;
      this.#forget(order);
      taken.push(order);
    }
    return taken;
  }

  #forget(order: OpenOrder): void {
    this.#orders.delete(order.stream);
    this.#sizeBytes -= order.events.sizeBytes;
  }
}
