import type { RawEvent, StoredOrderEvent } from '#event-store/port.js';
import type { Order, OrderState } from '#domain/order/state.js';
import { foldOrder, historyRowOf, type HistoryRow } from '#read-models/orders.projection.js';
import {
  pastSkipped,
  takeSkippedRevisions,
  withoutSkipped,
  type SkippedRevisions,
} from '#read-models/skipped-events.js';
import { BEHIND_REASON } from '#read-models/stores/quarantine.store.js';
import { messageOf } from '../engine/interruptions.js';

/** All events of one order up to some revision; `events` leaves out those that are skipped. */
export interface OrderEvents {
  readonly raw: readonly RawEvent[];
  readonly events: readonly StoredOrderEvent[];
  readonly skipped: SkippedRevisions;
  /** Why the event after the last of `events` could not be read; null: all were. */
  readonly unreadable: string | null;
  /** Why missing events could not be read from the order's stream; null: they could. */
  readonly unread: string | null;
}

/** What becomes of an order's events from one revision on. */
export interface RebuiltOrder {
  /** The order after all events that could be applied; null: none could. */
  readonly order: Order | null;
  readonly history: readonly HistoryRow[];
  /** The last event applied before that revision, and the event that ended its period; null: there is none. */
  readonly before: { readonly revision: number; readonly next: StoredOrderEvent | null } | null;
  /** The event that cannot be applied, and those that follow it. */
  readonly parked: readonly {
    readonly event: RawEvent;
    readonly reason: string;
    readonly kind: 'permanent' | 'behind';
  }[];
}

/** Folds an order from its beginning, and keeps what is new from the revision on. */
export function rebuiltOrder(
  { raw, events, skipped, unreadable, unread }: OrderEvents,
  fromRevision: number,
): RebuiltOrder {
  const history: HistoryRow[] = [];
  let order: OrderState = null;
  let before: StoredOrderEvent | null = null;
  let first: StoredOrderEvent | null = null;
  let failure = unreadable;
  let applied = 0;
  for (; applied < events.length; applied++) {
    const event = events[applied]!;
    const { revision } = event.recording;
    try {
      if (revision !== pastSkipped(order?.revision ?? -1, skipped) + 1)
        throw new Error(unread ?? 'an event before it is missing');
      // Handled commands are left out: no reader needs them, and they would grow with every event.
      const next: Order = { ...foldOrder(order, event), handled: [] };
      if (revision >= fromRevision) history.push(historyRowOf(next, event, events[applied + 1]));
      order = next;
    } catch (error) {
      failure = `${event.type} cannot be folded: ${messageOf(error)}`;
      const last = history.pop();
      if (last) history.push({ ...last, occurredUntil: null, recordedUntil: null }); // nothing that is applied follows
      break;
    }
    if (revision < fromRevision) before = event;
    else first ??= event;
  }
  return {
    order: order === null ? null : takeSkippedRevisions(order, skipped, raw.at(-1)!.revision),
    history,
    before: before === null ? null : { revision: before.recording.revision, next: first },
    parked:
      failure === null ? [] : parkedOf(withoutSkipped(raw, skipped).slice(applied), fromRevision, failure),
  };
}

function parkedOf(events: readonly RawEvent[], fromRevision: number, reason: string): RebuiltOrder['parked'] {
  const [failed] = events;
  return events
    .filter(({ revision }) => revision >= fromRevision)
    .map((event) =>
      event === failed
        ? { event, reason, kind: 'permanent' }
        : { event, reason: BEHIND_REASON, kind: 'behind' },
    );
}
