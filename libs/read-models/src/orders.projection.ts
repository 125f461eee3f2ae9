import type { StoredOrderEvent } from '#event-store/port.js';
import { evolve, type OrderEventType } from '#domain/order/order.js';
import type { Order, OrderState } from '#domain/order/state.js';

import type { Instant } from '#domain/instant.js';
import { summaryOf, type OrderSummary } from './order-summary.js';
import { toldNameIn } from './told-names.js';

export const ORDERS_PROJECTION = 'orders';
/** Follows the rows of `orders` into an index of Elasticsearch. */
export const SEARCH_PROJECTION = 'search';

/**
 * What an event does to the order's rows: `folded` changes the row, `searched` also what search finds,
 * `ignore` nothing but the revision, which every event advances. No event is ignored today.
 */
type Answer = 'folded' | 'searched' | 'ignore';

/** One answer per event: a new event does not compile until it has one. */
const answers: { readonly [T in OrderEventType]: Answer } = {
  OrderPlaced: 'searched',
  OrderConfirmed: 'folded',
  OrderRejected: 'folded',
  OrderHeld: 'folded',
  OrderReleased: 'folded',
  OrderCancelled: 'folded',
  OrderCompleted: 'folded',

  LineAdded: 'searched',
  LineRemoved: 'searched',
  LineQuantityChanged: 'folded',
  DiscountApplied: 'folded',
  DiscountRemoved: 'folded',
  SurchargeAdded: 'folded',
  ShippingAddressChanged: 'searched',
  BillingAddressChanged: 'searched',
  ContactChanged: 'searched',
  LinesCancelled: 'folded',

  StockReserved: 'folded',
  StockRejected: 'folded',
  StockReleased: 'folded',

  PaymentAuthorized: 'folded',
  PaymentCaptured: 'folded',
  PaymentFailed: 'folded',
  PaymentVoided: 'folded',
  PaymentReversed: 'folded',
  RefundRequested: 'folded',
  RefundSucceeded: 'folded',
  RefundFailed: 'folded',

  ShipmentCreated: 'folded',
  ShipmentDispatched: 'folded',
  ShipmentTrackingChanged: 'folded',
  ShipmentDelivered: 'folded',
  ShipmentLost: 'folded',
  ShipmentCancelled: 'folded',

  ReturnRequested: 'folded',
  ReturnApproved: 'folded',
  ReturnDeclined: 'folded',
  ReturnItemsReceived: 'folded',
  ReturnClosed: 'folded',

  NoteAdded: 'folded',
  NoteRedacted: 'folded',
  TagsChanged: 'searched',
  AttributesChanged: 'searched',
};

/** An event of an order and the order's filter and money columns after it. Holds no personal data. */
export interface HistoryRow {
  readonly position: bigint;
  readonly eventId: string;
  readonly type: OrderEventType;
  readonly data: StoredOrderEvent['data'];
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly actorType: string;
  readonly actorId: string;
  readonly occurredAt: Instant;
  readonly recordedAt: Instant;
  /** When the next event of the order occurred; null: this is the last. */
  readonly occurredUntil: Instant | null;
  readonly recordedUntil: Instant | null;
  /** What a carrier or a payment provider calls a part of the order, where the event tells it. */
  readonly toldName: string | null;
  readonly summary: OrderSummary;
}

/** The order after the event. @throws when the event cannot follow the order as it is */
export function foldOrder(order: OrderState, event: StoredOrderEvent): Order {
  if (answers[event.type] !== 'ignore') return evolve(order, event);
  if (order === null) throw new Error(`${event.type} cannot be an order's first event`);
  const { revision, recordedAt } = event.recording;
  return { ...order, revision, lastOccurredAt: event.occurredAt, lastRecordedAt: recordedAt };
}

/** Whether search could find the order differently after the event. */
export function changesSearch(type: OrderEventType): boolean {
  return answers[type] === 'searched';
}

/** `order` is the order after the event, `next` the event after it, if it is known. */
export function historyRowOf(order: Order, event: StoredOrderEvent, next?: StoredOrderEvent): HistoryRow {
  const { metadata, recording } = event;
  return {
    position: event.position,
    eventId: event.eventId,
    type: event.type,
    data: event.data,
    commandId: recording.commandId,
    correlationId: metadata.correlationId,
    causationId: metadata.causationId,
    actorType: metadata.actor.type,
    actorId: metadata.actor.id,
    occurredAt: event.occurredAt,
    recordedAt: recording.recordedAt,
    occurredUntil: next?.occurredAt ?? null,
    recordedUntil: next?.recording.recordedAt ?? null,
    toldName: toldNameIn(event),
    summary: summaryOf(order),
  };
}
