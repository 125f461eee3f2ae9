import type { LineQuantity } from '#domain/order/content.js';
import type { OrderEvent } from '#domain/order/order.js';
import { counted } from '#platform/counted.js';
import { money } from '../support/output.js';

/** What the description of an event needs from the order. */
export interface Wording {
  readonly currency: string;
  /** The SKU of a line, also of a line that was removed. */
  readonly skuOf: (lineId: string) => string;
  /** A note's text, or a placeholder where it may not be read. */
  readonly noteOf: (noteId: string) => string;
}

type Words = {
  readonly [Type in OrderEvent['type']]: (
    data: Extract<OrderEvent, { type: Type }>['data'],
    wording: Wording,
  ) => string;
};

const because = (reason: string | null): string => (reason === null ? '' : `: ${reason}`);
const by = (reference: string | null): string => (reference === null ? '' : ` (${reference})`);
const units = (lines: readonly LineQuantity[], { skuOf }: Wording): string =>
  lines.map(({ lineId, quantity }) => `${quantity} × ${skuOf(lineId)}`).join(', ');
const amount = (amountMinor: number, { currency }: Wording): string => money(amountMinor, currency);

/** A one-line description for each type of event. A new type does not compile without one. */
const words: Words = {
  OrderPlaced: ({ lines, customerId }) =>
    `placed ${customerId === null ? 'by a guest' : `by customer ${customerId}`}: ${counted(lines.length, 'line')}`,
  OrderConfirmed: () => 'confirmed',
  OrderRejected: ({ reason }) => `rejected${because(reason)}`,
  OrderHeld: ({ reason }) => `put on hold${because(reason)}`,
  OrderReleased: () => 'released from hold',
  OrderCancelled: ({ reason }) => `cancelled${because(reason)}`,
  OrderCompleted: () => 'completed',
  LineAdded: ({ line }, wording) =>
    `line added: ${line.quantity} × ${line.sku} ${line.name} at ${amount(line.unitPriceMinor, wording)}`,
  LineRemoved: ({ lineId }, { skuOf }) => `line removed: ${skuOf(lineId)}`,
  LineQuantityChanged: ({ lineId, quantity }, { skuOf }) => `quantity of ${skuOf(lineId)} now ${quantity}`,
  DiscountApplied: ({ discount }, wording) =>
    `discount ${discount.code ?? discount.description ?? ''} of ${amount(discount.amountMinor, wording)}`,
  DiscountRemoved: () => 'discount removed',
  SurchargeAdded: ({ surcharge }, wording) =>
    `surcharge ${surcharge.code ?? surcharge.description ?? ''} of ${amount(surcharge.amountMinor, wording)}`,
  ShippingAddressChanged: ({ address }) =>
    `shipping address changed, to ${address.countryName ?? address.country ?? '?'}`,
  BillingAddressChanged: ({ address }) =>
    `billing address changed, to ${address.countryName ?? address.country ?? '?'}`,
  ContactChanged: () => 'contact changed',
  StockReserved: ({ reference }) => `stock reserved${by(reference)}`,
  StockRejected: ({ reason }) => `stock refused${because(reason)}`,
  StockReleased: () => 'stock released',
  PaymentAuthorized: ({ amountMinor, providerReference }, wording) =>
    `payment of ${amount(amountMinor, wording)} authorized${by(providerReference)}`,
  PaymentCaptured: ({ amountMinor, providerReference }, wording) =>
    `payment of ${amount(amountMinor, wording)} captured${by(providerReference)}`,
  PaymentFailed: ({ amountMinor, reason }, wording) =>
    `payment of ${amount(amountMinor, wording)} failed${because(reason)}`,
  PaymentVoided: ({ providerReference }) => `authorization voided${by(providerReference)}`,
  PaymentReversed: ({ amountMinor, reason, providerReference }, wording) =>
    `captured ${amount(amountMinor, wording)} taken back${by(providerReference)}${because(reason)}`,
  RefundRequested: ({ amountMinor, reason }, wording) =>
    `refund of ${amount(amountMinor, wording)} requested: ${reason}`,
  RefundSucceeded: ({ providerReference }) => `refund paid${by(providerReference)}`,
  RefundFailed: ({ reason }) => `refund failed${because(reason)}`,
  ShipmentCreated: ({ lines, carrier }, wording) =>
    `parcel packed${carrier === null ? '' : ` for ${carrier}`}: ${units(lines, wording)}`,
  ShipmentDispatched: ({ trackingNumber }) => `parcel dispatched${by(trackingNumber)}`,
  ShipmentTrackingChanged: ({ trackingNumber }) => `tracking number now ${trackingNumber}`,
  ShipmentDelivered: () => 'parcel delivered',
  ShipmentLost: ({ reason }) => `parcel lost${because(reason)}`,
  ShipmentCancelled: ({ reason }) => `parcel cancelled${because(reason)}`,
  LinesCancelled: ({ lines, reason }, wording) => `cancelled ${units(lines, wording)}${because(reason)}`,
  ReturnRequested: ({ lines, reason }, wording) =>
    `return of ${units(lines, wording)} requested${because(reason)}`,
  ReturnApproved: () => 'return approved',
  ReturnDeclined: ({ reason }) => `return declined${because(reason)}`,
  ReturnItemsReceived: ({ lines }, wording) => `returned units received: ${units(lines, wording)}`,
  ReturnClosed: () => 'return closed',
  NoteAdded: ({ noteId }, { noteOf }) => `note: ${noteOf(noteId)}`,
  NoteRedacted: ({ reason }) => `note redacted${because(reason)}`,
  TagsChanged: ({ tags }) => (tags.length === 0 ? 'no tags any more' : `tags now ${tags.join(', ')}`),
  AttributesChanged: ({ attributes }) => {
    const all = Object.entries(attributes).map(([name, value]) => `${name} ${value}`);
    return all.length === 0 ? 'no attributes any more' : `attributes now ${all.join(', ')}`;
  },
};

const LONGEST = 160;

/** For an event of a newer release, only its type is given. */
export function wordsOf(event: { readonly type: string; readonly data: unknown }, wording: Wording): string {
  const tell = (words as unknown as Record<string, (data: unknown, wording: Wording) => string>)[event.type];
  const text = (tell?.(event.data, wording) ?? event.type).replace(/\s+/g, ' ');
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}
