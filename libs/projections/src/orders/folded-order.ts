import type { StoredOrderEvent } from '#event-store/port.js';
import type { Order } from '#domain/order/state.js';
import { changesSearch, foldOrder, historyRowOf, type HistoryRow } from '#read-models/orders.projection.js';
import { searchRowOf } from '#read-models/search-row.js';
import { takeSkippedRevisions, type SkippedRevisions } from '#read-models/skipped-events.js';
import type { OrderRows, PeriodEnd } from '#read-models/stores/order-rows.js';

/** An order before and after some of its events. */
export interface FoldedOrder {
  readonly stream: string;
  readonly before: Order | null;
  readonly events: readonly StoredOrderEvent[];
  readonly rows: OrderRows;
}

/**
 * Applies events to an order, and takes the revisions of skipped events that come right after them.
 *
 * @param before null: the order begins with the first of the events, and there is at least one
 * @throws when an event cannot follow the order as it is, or no row can be made of the result
 */
export function foldedOrder(
  stream: string,
  before: Order | null,
  events: readonly StoredOrderEvent[],
  skipped: SkippedRevisions,
): FoldedOrder {
  let order = before;
  let searchChanged = false;
  const history: HistoryRow[] = [];
  events.forEach((event, index) => {
    order = foldOrder(order, event);
    history.push(historyRowOf(order, event, events[index + 1]));
    searchChanged ||= changesSearch(event.type);
  });
  const after = takeSkippedRevisions(order!, skipped);
  const [first] = events;
  const rows = {
    order: after,
    history,
    periodEnd: before && first ? periodEndOf(before, first, skipped) : null,
    searched: searchChanged ? searchRowOf(after) : null,
  };
  return { stream, before, events, rows };
}

/** The period that ends is that of the last folded event: a skipped event has no history row. */
function periodEndOf(
  { tenantId, orderId, revision }: Order,
  next: StoredOrderEvent,
  skipped: SkippedRevisions,
): PeriodEnd {
  let last = revision;
  while (skipped.has(last)) last -= 1;
  const { occurredAt: occurredUntil } = next;
  return { tenantId, orderId, revision: last, occurredUntil, recordedUntil: next.recording.recordedAt };
}
