import type { OrderEventType } from '#domain/order/order.js';

/** The stored content of an event besides its metadata, with the personal part opened (or `'erased'`). */
export interface StoredContent {
  readonly occurredAt: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly personal: unknown;
}

/** From the shape of one version to that of the next. */
type Upcast = (content: StoredContent) => StoredContent;

/**
 * For each type, the steps from version 1 to today's version, which is the number of steps + 1. Stored events stay
 * readable for ever: a changed shape adds a step here and an example to golden/.
 */
const upcasts: Readonly<Record<OrderEventType, readonly Upcast[]>> = {
  OrderPlaced: [],
  OrderConfirmed: [],
  OrderRejected: [],
  OrderHeld: [],
  OrderReleased: [],
  OrderCancelled: [],
  OrderCompleted: [],
  LineAdded: [],
  LineRemoved: [],
  LineQuantityChanged: [],
  DiscountApplied: [],
  DiscountRemoved: [],
  SurchargeAdded: [],
  ShippingAddressChanged: [],
  BillingAddressChanged: [],
  ContactChanged: [],
  StockReserved: [],
  StockRejected: [],
  StockReleased: [],
  PaymentAuthorized: [],
  PaymentCaptured: [],
  PaymentFailed: [],
  PaymentVoided: [],
  PaymentReversed: [],
  RefundRequested: [],
  RefundSucceeded: [],
  RefundFailed: [],
  ShipmentCreated: [],
  ShipmentDispatched: [],
  ShipmentTrackingChanged: [],
  ShipmentDelivered: [],
  ShipmentLost: [],
  ShipmentCancelled: [withReason],
  LinesCancelled: [],
  ReturnRequested: [],
  ReturnApproved: [],
  ReturnDeclined: [],
  ReturnItemsReceived: [],
  ReturnClosed: [],
  NoteAdded: [],
  NoteRedacted: [],
  TagsChanged: [],
  AttributesChanged: [],
};

export function isOrderEventType(type: string): type is OrderEventType {
  return Object.hasOwn(upcasts, type);
}

/** The version that events of this type are stored with today. */
export function schemaVersionOf(type: OrderEventType): number {
  return upcasts[type].length + 1;
}

/** @param schemaVersion from 1 to today's */
export function upcast(type: OrderEventType, schemaVersion: number, content: StoredContent): StoredContent {
  const steps = upcasts[type];
  if (schemaVersion > steps.length) return content;
  return steps.slice(schemaVersion - 1).reduce((upTo, step) => step(upTo), content);
}

/** Version 1 of ShipmentCancelled had no reason. */
function withReason({ data, ...rest }: StoredContent): StoredContent {
  return { ...rest, data: { ...data, reason: null } };
}
