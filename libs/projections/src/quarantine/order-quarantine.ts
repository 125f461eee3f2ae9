import { orderStream } from '#event-store/streams.js';
import type { Queryable } from '#read-models/queryable.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import { SkippedEvents } from '#read-models/skipped-events.js';
import type { Unparked } from '#read-models/stores/order-rows.js';
import type { OrderKey } from '#read-models/order-key.js';
import { parkedOrders, type EventToPark } from '#read-models/stores/quarantine.store.js';
import { skippedEvents } from '#read-models/stores/skips.store.js';

/** An order of which something is parked, as its owner knows it: some 200 bytes. */
export interface KnownParkedOrder extends OrderKey {
  /** Of the first event that is parked. */
  readonly revision: number;
  readonly lastRevision: number;
  readonly events: number;
  /** Of the first. */
  readonly tries: number;
  /** In `performance.now()` time, which nobody sets back; null: not tried again by itself. */
  readonly nextTryMs: number | null;
}

/** What the owner of `orders` has parked and what it skips in its generation, as far as that was committed. */
export class OrderQuarantine {
  readonly #parked = new Map<string, KnownParkedOrder>();
  skipped = new SkippedEvents();

  /** Loads it from PostgreSQL. Everything parked is due at once: this owner may be of another release. */
  static async load(db: Queryable, generation: number): Promise<OrderQuarantine> {
    const quarantine = new OrderQuarantine();
    quarantine.skipped = await skippedEvents(db);
    for (const order of await parkedOrders(db, { projection: ORDERS_PROJECTION, generation })) {
      const { tenantId, orderId, revision, lastRevision, events, tries } = order;
      const known = { tenantId, orderId, revision, lastRevision, events, tries, nextTryMs: 0 };
      quarantine.#parked.set(orderStream(tenantId, orderId), known);
    }
    return quarantine;
  }

  get orders(): number {
    return this.#parked.size;
  }

  get events(): number {
    let events = 0;
    for (const order of this.#parked.values()) events += order.events;
    return events;
  }

  get streams(): string[] {
    return [...this.#parked.keys()];
  }

  get(stream: string): KnownParkedOrder | undefined {
    return this.#parked.get(stream);
  }

  /** Streams that may be tried again by themselves, the longest due first. */
  due(nowMs: number): string[] {
    const due: [string, number][] = [];
    for (const [stream, { nextTryMs }] of this.#parked) {
      if (nextTryMs !== null && nextTryMs <= nowMs) due.push([stream, nextTryMs]);
    }
    return due.sort(([, a], [, b]) => a - b).map(([stream]) => stream);
  }

  /** The order is not tried again by itself before this time. */
  postpone(stream: string, nextTryMs: number): void {
    const known = this.#parked.get(stream);
    if (known) this.#parked.set(stream, { ...known, nextTryMs });
  }

  /** When the next one is due, by `performance.now()`; null: none is. */
  nextDueMs(): number | null {
    let next: number | null = null;
    for (const { nextTryMs } of this.#parked.values()) {
      if (nextTryMs !== null && (next === null || nextTryMs < next)) next = nextTryMs;
    }
    return next;
  }

  /** To be called with what a committed transaction wrote. */
  committed(unparked: readonly Unparked[], parked: readonly EventToPark[]): void {
    for (const { tenantId, orderId, below } of unparked) {
      const stream = orderStream(tenantId, orderId);
      const known = this.#parked.get(stream);
      if (known && known.lastRevision < below) this.#parked.delete(stream);
      else if (known && known.revision < below) {
        const events = Math.max(1, known.events - (below - known.revision));
        // The event that is first now was never tried. Whoever took out the others may be cut off before it is.
        const untried = { tries: 0, nextTryMs: performance.now() };
        this.#parked.set(stream, { ...known, revision: below, events, ...untried });
      }
    }
    for (const event of parked) this.#park(event);
  }

  #park({ tenantId, orderId, revision, kind, tries, nextTryAfterMs }: EventToPark): void {
    const stream = orderStream(tenantId, orderId);
    const known = this.#parked.get(stream);
    const nextTryMs = nextTryAfterMs === null ? null : performance.now() + nextTryAfterMs;
    if (!known) {
      const order = { tenantId, orderId, revision, lastRevision: revision, events: 1, tries, nextTryMs };
      this.#parked.set(stream, order);
      return;
    }
    const lastRevision = Math.max(known.lastRevision, revision);
    const events = known.events + (revision > known.lastRevision ? 1 : 0);
    const tried = kind === 'behind' ? {} : { revision, tries, nextTryMs };
    this.#parked.set(stream, { ...known, lastRevision, events, ...tried });
  }
}
