import type { Erased } from '#domain/decider.js';
import type { Order, OrderPersonal } from '#domain/order/state.js';
import {
  fulfilmentStatus,
  paymentStatus,
  returnStatus,
  type FulfilmentStatus,
  type PaymentStatus,
  type ReturnStatus,
} from '#domain/order/statuses.js';
import { orderTotals, type OrderTotals } from '#domain/order/totals.js';
import type { OrderCommandType } from '#domain/order/order.js';
import { allowedCommands, customerMay } from '#domain/order/transitions.js';

/** What an order derives from its state, for people and clients to read. */
interface Derived {
  readonly totals: OrderTotals;
  readonly paymentStatus: PaymentStatus;
  readonly fulfilmentStatus: FulfilmentStatus;
  readonly returnStatus: ReturnStatus;
  readonly allowedCommands: readonly OrderCommandType[];
}

/**
 * The order as the read models keep it and the API shows it: its whole state but the personal part,
 * which stands beside it, and the commands it has handled, which no reader needs; plus what derives from it.
 */
export type OrderDocument = Omit<Order, 'personal' | 'handled'> & Derived;

/** Field by field, as the fold itself: every event makes a document. */
export function documentOf(order: Order): OrderDocument {
  return {
    orderId: order.orderId,
    tenantId: order.tenantId,
    number: order.number,
    reference: order.reference,
    customerId: order.customerId,
    currency: order.currency,
    lines: order.lines,
    discounts: order.discounts,
    surcharges: order.surcharges,
    shipping: order.shipping,
    shippingAddress: order.shippingAddress,
    billingAddress: order.billingAddress,
    attributes: order.attributes,
    tags: order.tags,
    status: order.status,
    statusReason: order.statusReason,
    onHold: order.onHold,
    holdReason: order.holdReason,
    placedAt: order.placedAt,
    stock: order.stock,
    payments: order.payments,
    refunds: order.refunds,
    shipments: order.shipments,
    cancellations: order.cancellations,
    returns: order.returns,
    notes: order.notes,
    retiredIds: order.retiredIds,
    revision: order.revision,
    lastOccurredAt: order.lastOccurredAt,
    lastRecordedAt: order.lastRecordedAt,
    totals: orderTotals(order),
    paymentStatus: paymentStatus(order),
    fulfilmentStatus: fulfilmentStatus(order),
    returnStatus: returnStatus(order),
    allowedCommands: allowedCommands(order),
  };
}

/** What a customer sees of its own order: everything but the notes that staff made, and what only staff may do. */
export function forCustomer<Document extends OrderDocument>(document: Document): Document {
  return {
    ...document,
    notes: [],
    allowedCommands: document.allowedCommands.filter((type) => customerMay(document, type)),
  };
}

/** The order to fold on from; it remembers no handled command, so it is for reading sides alone. */
export function orderOf(document: OrderDocument, personal: OrderPersonal | Erased): Order {
  return {
    orderId: document.orderId,
    tenantId: document.tenantId,
    number: document.number,
    reference: document.reference,
    customerId: document.customerId,
    currency: document.currency,
    lines: document.lines,
    discounts: document.discounts,
    surcharges: document.surcharges,
    shipping: document.shipping,
    shippingAddress: document.shippingAddress,
    billingAddress: document.billingAddress,
    attributes: document.attributes,
    tags: document.tags,
    status: document.status,
    statusReason: document.statusReason,
    onHold: document.onHold,
    holdReason: document.holdReason,
    placedAt: document.placedAt,
    stock: document.stock,
    payments: document.payments,
    refunds: document.refunds,
    shipments: document.shipments,
    cancellations: document.cancellations,
    returns: document.returns,
    notes: document.notes,
    personal,
    retiredIds: document.retiredIds,
    handled: [],
    revision: document.revision,
    lastOccurredAt: document.lastOccurredAt,
    lastRecordedAt: document.lastRecordedAt,
  };
}
