import type { OrderEvent, OrderEventType } from '#domain/order/order.js';

/** The ids of what an event created or concerns, by the name of the id's field. */
export type EventIds = Readonly<Record<string, string | readonly string[]>>;

type IdsOf = { readonly [T in OrderEventType]: (event: Extract<OrderEvent, { type: T }>) => EventIds };

const none = (): EventIds => ({});

const idsOf: IdsOf = {
  OrderPlaced: ({ data }) => ({
    lineIds: data.lines.map(({ lineId }) => lineId),
    ...(data.discounts.length > 0 && { discountIds: data.discounts.map(({ discountId }) => discountId) }),
    ...(data.surcharges.length > 0 && {
      surchargeIds: data.surcharges.map(({ surchargeId }) => surchargeId),
    }),
  }),
  OrderConfirmed: none,
  OrderRejected: none,
  OrderHeld: none,
  OrderReleased: none,
  OrderCancelled: none,
  OrderCompleted: none,
  LineAdded: ({ data }) => ({ lineId: data.line.lineId }),
  LineRemoved: ({ data }) => ({ lineId: data.lineId }),
  LineQuantityChanged: ({ data }) => ({ lineId: data.lineId }),
  DiscountApplied: ({ data }) => ({ discountId: data.discount.discountId }),
  DiscountRemoved: ({ data }) => ({ discountId: data.discountId }),
  SurchargeAdded: ({ data }) => ({ surchargeId: data.surcharge.surchargeId }),
  ShippingAddressChanged: none,
  BillingAddressChanged: none,
  ContactChanged: none,
  StockReserved: none,
  StockRejected: none,
  StockReleased: none,
  PaymentAuthorized: ({ data }) => ({ paymentId: data.paymentId }),
  PaymentCaptured: ({ data }) => ({ paymentId: data.paymentId }),
  PaymentFailed: ({ data }) => ({ paymentId: data.paymentId }),
  PaymentVoided: ({ data }) => ({ paymentId: data.paymentId }),
  PaymentReversed: ({ data }) => ({ paymentId: data.paymentId }),
  RefundRequested: ({ data }) => ({ refundId: data.refundId }),
  RefundSucceeded: ({ data }) => ({ refundId: data.refundId }),
  RefundFailed: ({ data }) => ({ refundId: data.refundId }),
  ShipmentCreated: ({ data }) => ({ shipmentId: data.shipmentId }),
  ShipmentDispatched: ({ data }) => ({ shipmentId: data.shipmentId }),
  ShipmentTrackingChanged: ({ data }) => ({ shipmentId: data.shipmentId }),
  ShipmentDelivered: ({ data }) => ({ shipmentId: data.shipmentId }),
  ShipmentLost: ({ data }) => ({ shipmentId: data.shipmentId }),
  ShipmentCancelled: ({ data }) => ({ shipmentId: data.shipmentId }),
  LinesCancelled: ({ data }) => ({ cancellationId: data.cancellationId }),
  ReturnRequested: ({ data }) => ({ returnId: data.returnId }),
  ReturnApproved: ({ data }) => ({ returnId: data.returnId }),
  ReturnDeclined: ({ data }) => ({ returnId: data.returnId }),
  ReturnItemsReceived: ({ data }) => ({ returnId: data.returnId }),
  ReturnClosed: ({ data }) => ({ returnId: data.returnId }),
  NoteAdded: ({ data }) => ({ noteId: data.noteId }),
  NoteRedacted: ({ data }) => ({ noteId: data.noteId }),
  TagsChanged: none,
  AttributesChanged: none,
};

/** Depends on the event alone, so that a replay can rebuild an answer from the stream. */
export function eventIds(event: OrderEvent): EventIds {
  return (idsOf[event.type] as (event: OrderEvent) => EventIds)(event);
}
