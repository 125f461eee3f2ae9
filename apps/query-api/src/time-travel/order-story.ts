import type { Instant } from '#domain/instant.js';
import { evolve } from '#domain/order/order.js';
import type { Order, OrderState } from '#domain/order/state.js';
import type { StoredOrderEvent } from '#event-store/port.js';
import type { Clock } from '#read-models/readers/as-of.js';

/** A place in an order's history: a revision, or a moment on one of the clocks. */
export type Moment = { readonly revision: number } | { readonly clock: Clock; readonly at: Instant };

/** An order's whole history, to be looked at as of any moment. */
export class OrderStory {
  readonly events: readonly StoredOrderEvent[];
  readonly ownerCustomerId: string | null;
  /** Ids of the notes that were redacted at any time: their text is shown at none. */
  readonly redactedNotes: ReadonlySet<string>;

  /** @param events all of them, from the first; at least one */
  constructor(events: readonly StoredOrderEvent[]) {
    this.events = events;
    const placed = events[0]!;
    this.ownerCustomerId = placed.type === 'OrderPlaced' ? placed.data.customerId : null;
    this.redactedNotes = new Set(
      events.flatMap((event) => (event.type === 'NoteRedacted' ? [event.data.noteId] : [])),
    );
  }

  get lastRevision(): number {
    return this.events.length - 1;
  }

  /** The order's revision at a moment; null: it was not placed yet, or has no such revision. */
  revisionAt(moment: Moment): number | null {
    if ('revision' in moment) return moment.revision <= this.lastRevision ? moment.revision : null;
    // By either clock no event is earlier than the one before it, so what had happened is a prefix.
    const after = this.events.findIndex((event) => timeOf(event, moment.clock) > moment.at);
    const revision = after === -1 ? this.lastRevision : after - 1;
    return revision < 0 ? null : revision;
  }

  /** The order after each event from a revision on, up to another; the first is the one at `from`. */
  *states(from: number | null, to: number): Generator<{ event: StoredOrderEvent; order: Order }, void> {
    let order: OrderState = null;
    for (const event of this.events.slice(0, to + 1)) {
      order = evolve(order, event);
      if (event.recording.revision >= (from ?? 0)) yield { event, order };
    }
  }

  at(revision: number): Order {
    let order: OrderState = null;
    for (const event of this.events.slice(0, revision + 1)) order = evolve(order, event);
    return order!;
  }
}

function timeOf(event: StoredOrderEvent, clock: Clock): Instant {
  return clock === 'occurred' ? event.occurredAt : event.recording.recordedAt;
}
