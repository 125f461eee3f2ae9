import type { StoredOrderEvent } from '#event-store/port.js';
import { Breaks } from './breaks.js';
import { Causes } from './causes.js';
import { diffJson, type JsonChange } from './json-diff.js';
import type { OrderStory } from './order-story.js';
import { viewForCustomer, viewOf, type OrderView } from './order-view.js';

/** An event, and the command and person behind it. */
export interface Cause {
  readonly revision: number;
  readonly eventId: string;
  readonly type: string;
  readonly commandId: string;
  readonly actor: { readonly type: string; readonly id: string };
  readonly occurredAt: string;
  readonly recordedAt: string;
}

export type OrderChange = Omit<JsonChange, 'place'> & {
  /** In the order of the stream. */
  readonly by: readonly Cause[];
  /** How many more there were before these; absent: none. */
  readonly earlier?: number;
};

/** Of one change: those of a total are nearly all events of an order, and there are many totals. */
const MOST_CAUSES = 100;

export interface OrderDiff {
  readonly orderId: string;
  /** null: the order was not placed yet. */
  readonly from: { readonly revision: number } | null;
  readonly to: { readonly revision: number };
  readonly changes: readonly OrderChange[];
}

/** By which id the items of a list are told apart. */
const idOfItems = {
  lines: 'lineId',
  discounts: 'discountId',
  surcharges: 'surchargeId',
  authorizations: 'paymentId',
  captures: 'paymentId',
  failures: 'paymentId',
  voids: 'paymentId',
  reversals: 'paymentId',
  refunds: 'refundId',
  shipments: 'shipmentId',
  cancellations: 'cancellationId',
  returns: 'returnId',
  notes: 'noteId',
};

// Every event changes these three: their changes tell nothing that `from` and `to` do not tell.
const ALWAYS_CHANGED: ReadonlySet<string> = new Set(['revision', 'lastOccurredAt', 'lastRecordedAt']);

/**
 * The changes of an order between two revisions, each with the events that caused it.
 *
 * @param from null: from before it was placed
 */
export async function diffOrder(
  story: OrderStory,
  from: number | null,
  to: number,
  { hidesNotes }: { hidesNotes: boolean },
): Promise<OrderDiff> {
  const causes = new Causes<Cause>();
  let first: Partial<OrderView> = {};
  let last: Partial<OrderView> = {};
  for await (const { event, order } of story.states(from, to)) {
    const whole = viewOf(order, story.redactedNotes);
    const view = hidesNotes ? viewForCustomer(whole) : whole;
    const cause = causeOf(event);
    if (event.recording.revision === from) first = view;
    else for (const { place } of diffJson(last, view, idOfItems)) causes.add(place, cause);
    last = view;
  }
  const breaks = new Breaks();
  const changes: OrderChange[] = [];
  for (const { place, ...change } of diffJson(first, last, idOfItems)) {
    if (ALWAYS_CHANGED.has(place[0]!)) continue;
    await breaks.ifDue();
    changes.push({ ...change, ...lastOf(causes.of(place).sort(byRevision)) });
  }
  return {
    orderId: last.orderId!,
    from: from === null ? null : { revision: from },
    to: { revision: to },
    changes,
  };
}

const byRevision = (a: Cause, b: Cause) => a.revision - b.revision;

function lastOf(causes: readonly Cause[]): Pick<OrderChange, 'by' | 'earlier'> {
  const earlier = causes.length - MOST_CAUSES;
  return earlier > 0 ? { by: causes.slice(earlier), earlier } : { by: causes };
}

function causeOf({ recording, eventId, type, occurredAt, metadata }: StoredOrderEvent): Cause {
  return {
    revision: recording.revision,
    eventId,
    type,
    commandId: recording.commandId,
    actor: metadata.actor,
    occurredAt,
    recordedAt: recording.recordedAt,
  };
}
