import type { Instant } from '#domain/instant.js';
import type { Order } from '#domain/order/state.js';
import type { OrderKey } from '../order-key.js';
import { documentOf } from '../order-document.js';
import { summaryOf } from '../order-summary.js';
import type { HistoryRow } from '../orders.projection.js';
import type { SearchRow } from '../search-row.js';
import { storableText, type EventToPark } from './quarantine.store.js';
import { summaryValues } from './statements.js';

/** The end of the period that an order's last history row had left open. */
export interface PeriodEnd extends OrderKey {
  readonly revision: number;
  readonly occurredUntil: Instant;
  readonly recordedUntil: Instant;
}

/** The rows that some events of one order make: the order after the last of them, and one history row per event. */
export interface OrderRows {
  readonly order: Order;
  readonly history: readonly HistoryRow[];
  /** null: the order begins with these events. */
  readonly periodEnd: PeriodEnd | null;
  /** null: search finds the order as it did before. */
  readonly searched: SearchRow | null;
}

/** The events of an order below a revision are no longer parked. */
export interface Unparked extends OrderKey {
  readonly below: number;
}

/** What is written together with the rows that were added. */
export interface WrittenWith {
  /** All events up to here were added, are parked or were written before; null: the checkpoint stays. */
  readonly checkpoint: bigint | null;
  readonly parked?: readonly EventToPark[];
  readonly unparked?: readonly Unparked[];
}

/** In the order of `batchColumns.orders`. */
export function orderValues(order: Order, history: readonly HistoryRow[]): unknown[] {
  const last = history.at(-1)?.summary;
  const values = summaryValues(last?.revision === order.revision ? last : summaryOf(order));
  values.push(JSON.stringify(documentOf(order)), JSON.stringify(order.personal));
  return values;
}

/** In the order of `quarantineColumns.parked`. */
export function parkedValues(event: EventToPark): unknown[] {
  const { tenantId, orderId, revision, position, eventId, type, kind, reason, tries, nextTryAfterMs } = event;
  const nextTry = nextTryAfterMs === null ? null : Math.round(nextTryAfterMs);
  return [
    ...[tenantId, orderId, revision, position, eventId],
    ...[type === null ? null : storableText(type), kind, storableText(reason), tries, nextTry],
  ];
}
