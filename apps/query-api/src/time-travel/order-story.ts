import type { Instant } from '#domain/instant.js';
import type { Order, OrderState } from '#domain/order/state.js';
import type { StoredOrderEvent } from '#event-store/port.js';
import { foldOrder } from '#read-models/orders.projection.js';
import type { Clock } from '#read-models/readers/as-of.js';
import { foldSkipping, pastSkipped, type SkippedRevisions } from '#read-models/skipped-events.js';

/** A place in an order's history: a revision, or a moment on one of the clocks. */
export type Moment = { readonly revision: number } | { readonly clock: Clock; readonly at: Instant };

/** An order's whole history, to be looked at as of any moment. */
export class OrderStory {
  /** Without the skipped events, and only up to the first event that cannot be applied. */
  readonly events: readonly StoredOrderEvent[];
  readonly ownerCustomerId: string | null;
  /** Ids of the notes that were redacted at any time: their text is not shown as of any moment. */
  readonly redactedNotes: ReadonlySet<string>;
  readonly #skipped: SkippedRevisions;

  /**
   * @param events from the first; at least one
   * @param skipped revisions of the skipped events
   */
  constructor(events: readonly StoredOrderEvent[], skipped: SkippedRevisions) {
    this.events = events;
    this.#skipped = skipped;
    const placed = events[0]!;
    this.ownerCustomerId = placed.type === 'OrderPlaced' ? placed.data.customerId : null;
    this.redactedNotes = new Set(
      events.flatMap((event) => (event.type === 'NoteRedacted' ? [event.data.noteId] : [])),
    );
  }

  get lastRevision(): number {
    return pastSkipped(this.events.at(-1)!.recording.revision, this.#skipped);
  }

  /** Position of the last event: an answer about any moment depends on all events. */
  get position(): bigint {
    return this.events.at(-1)!.position;
  }

  /** The order's revision at a moment; null: it was not placed yet, or has no such revision. */
  revisionAt(moment: Moment): number | null {
    if ('revision' in moment) return moment.revision <= this.lastRevision ? moment.revision : null;
    // By either clock no event is earlier than the one before it, so what had happened is a prefix.
    const after = this.events.findIndex((event) => timeOf(event, moment.clock) > moment.at);
    if (after === -1) return this.lastRevision;
    return this.events[after - 1]?.recording.revision ?? null;
  }

  /** The revision of the last event, up to the given one, that is not skipped. */
  eventRevision(revision: number): number {
    return this.#upTo(revision).at(-1)!.recording.revision;
  }

  /** The order after each event from revision `from` to revision `to`, both included; null: from the first event. */
  *states(from: number | null, to: number): Generator<{ event: StoredOrderEvent; order: Order }, void> {
    let order: OrderState = null;
    for (const event of this.#upTo(to)) {
      order = foldOrder(order, event);
      if (event.recording.revision >= (from ?? 0)) yield { event, order };
    }
  }

  at(revision: number): Order {
    return foldSkipping(null, this.#upTo(revision), this.#skipped, revision)!;
  }

  #upTo(revision: number): readonly StoredOrderEvent[] {
    const after = this.events.findIndex((event) => event.recording.revision > revision);
    return after === -1 ? this.events : this.events.slice(0, after);
  }
}

function timeOf(event: StoredOrderEvent, clock: Clock): Instant {
  return clock === 'occurred' ? event.occurredAt : event.recording.recordedAt;
}
