import type { Instant } from '#domain/instant.js';
import type { Order, OrderState } from '#domain/order/state.js';
import type { StoredOrderEvent } from '#event-store/port.js';
import { foldOrder } from '#read-models/orders.projection.js';
import type { Clock } from '#read-models/readers/as-of.js';
import { pastSkipped, takeSkippedRevisions, type SkippedRevisions } from '#read-models/skipped-events.js';
import { Breaks } from './breaks.js';

/** A place in an order's history: a revision, or a moment on one of the clocks. */
export type Moment = { readonly revision: number } | { readonly clock: Clock; readonly at: Instant };

/** Events of an order in sequence, some at a time. */
export type EventBatches = AsyncIterable<readonly StoredOrderEvent[]>;

/** Of an order with more, the events are read again where they are needed: their objects take more than that. */
export const HELD_EVENTS = 1_000;
const HELD_BYTES = 4 * 1024 * 1024;

interface EventPlace {
  readonly revision: number;
  readonly times: Readonly<Record<Clock, Instant>>;
}

/**
 * An order's whole history, to be looked at as of any moment: without the skipped events, and only up to the first
 * event that cannot be applied.
 */
export class OrderStory {
  /** null: it has no event yet. */
  orderId: string | null = null;
  ownerCustomerId: string | null = null;
  /** Position of the last event: an answer about any moment depends on all events. */
  position = -1n;
  /** Ids of the notes that were redacted at any time: their text is not shown as of any moment. */
  readonly redactedNotes = new Set<string>();
  readonly #skipped: SkippedRevisions;
  readonly #again: (to: number) => EventBatches;
  readonly #places: EventPlace[] = [];
  /** null: there are too many. */
  #held: StoredOrderEvent[] | null = [];
  #bytes = 0;

  /**
   * @param skipped revisions of the skipped events
   * @param again reads the added events once more, from the first to that of a revision
   */
  constructor(skipped: SkippedRevisions, again: (to: number) => EventBatches) {
    this.#skipped = skipped;
    this.#again = again;
  }

  /** @param bytes of the events as they are stored */
  add(events: readonly StoredOrderEvent[], bytes: number): void {
    for (const event of events) {
      if (this.orderId === null) this.#begin(event);
      const { revision, recordedAt } = event.recording;
      this.#places.push({ revision, times: { occurred: event.occurredAt, recorded: recordedAt } });
      if (event.type === 'NoteRedacted') this.redactedNotes.add(event.data.noteId);
      this.position = event.position;
    }
    this.#bytes += bytes;
    if (this.#bytes > HELD_BYTES || this.#places.length > HELD_EVENTS) this.#held = null;
    this.#held?.push(...events);
  }

  /** Whether its events are so many that they are not held. */
  get isLong(): boolean {
    return this.#held === null;
  }

  get lastRevision(): number {
    return pastSkipped(this.#places.at(-1)!.revision, this.#skipped);
  }

  /** The order's revision at a moment; null: it was not placed yet, or has no such revision. */
  revisionAt(moment: Moment): number | null {
    if ('revision' in moment) return moment.revision <= this.lastRevision ? moment.revision : null;
    // By either clock no event is earlier than the one before it, so what had happened is a prefix.
    const after = this.#places.findIndex(({ times }) => times[moment.clock] > moment.at);
    if (after === -1) return this.lastRevision;
    return this.#places[after - 1]?.revision ?? null;
  }

  /** The revision of the last event, up to the given one, that is not skipped. */
  eventRevision(revision: number): number {
    return this.#places.findLast((place) => place.revision <= revision)!.revision;
  }

  /** The order after each event from revision `from` to revision `to`, both included; null: from the first event. */
  async *states(
    from: number | null,
    to: number,
  ): AsyncGenerator<{ event: StoredOrderEvent; order: Order }, void> {
    const breaks = new Breaks();
    let order: OrderState = null;
    for await (const events of this.#held === null ? this.#again(to) : [this.#held]) {
      for (const event of events) {
        const { revision } = event.recording;
        if (revision > to) return;
        await breaks.ifDue();
        order = foldOrder(order, event);
        if (revision >= (from ?? 0)) yield { event, order };
      }
    }
  }

  async at(revision: number): Promise<Order> {
    const last = this.eventRevision(revision);
    let found: Order | null = null;
    for await (const { order } of this.states(last, last)) found = order;
    if (found === null) throw new Error(`the event at revision ${last} was not read again`);
    return takeSkippedRevisions(found, this.#skipped, revision);
  }

  #begin(placed: StoredOrderEvent): void {
    this.orderId = placed.orderId;
    this.ownerCustomerId = placed.type === 'OrderPlaced' ? placed.data.customerId : null;
  }
}
