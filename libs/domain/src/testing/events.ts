import type { AddressCountry, Contact, LineQuantity, OrderedLine, Tax } from '../order/content.js';
import { orderNumber } from '../order/order-number.js';
import type { OrderEvent, OrderEventType } from '../order/order.js';
import type { PlacedPersonal } from '../order/placing.js';
import type { Happened } from './given.js';

/** The events of the examples. Each has a usual value in every field that is not given. */
type Data<T extends OrderEventType> = Extract<OrderEvent, { type: T }>['data'];
type Given<T extends OrderEventType> = Partial<Data<T>>;

export const orderId = '0d9a2c6e-5f0b-5c43-9a51-3f6a7b8c9d0e';

/** Ten pounds each; the line's id is its sku. */
export function line(sku: string, quantity: number, more: Partial<OrderedLine> = {}): OrderedLine {
  return { lineId: sku, sku, name: `a ${sku}`, quantity, unitPriceMinor: 1_000, tax: null, ...more };
}

export const mug = (quantity: number, more: Partial<OrderedLine> = {}) => line('mug', quantity, more);
export const lamp = (quantity: number, more: Partial<OrderedLine> = {}) => line('lamp', quantity, more);

export function taxOnTop(amountMinor: number, rateBasisPoints = 2_000): Tax {
  return { rateBasisPoints, amountMinor, inclusive: false };
}

/** Units of lines, as everything after placing names them. */
export function units(...lines: readonly LineQuantity[]): LineQuantity[] {
  return lines.map(({ lineId, quantity }) => ({ lineId, quantity }));
}

export const britain: AddressCountry = { country: 'GB', countryName: 'United Kingdom' };

export function orderPlaced(
  data: Given<'OrderPlaced'> = {},
  personal: Partial<PlacedPersonal> = {},
): Happened {
  return {
    type: 'OrderPlaced',
    data: {
      orderId,
      tenantId: 'shop',
      number: orderNumber(orderId),
      reference: '536365',
      customerId: '17850',
      currency: 'GBP',
      lines: [mug(10)],
      discounts: [],
      surcharges: [],
      shipping: null,
      shippingAddress: britain,
      billingAddress: null,
      attributes: {},
      tags: [],
      ...data,
    },
    personal: { contact: null, shippingAddress: null, billingAddress: null, ...personal },
  };
}

export const orderConfirmed = (): Happened => ({ type: 'OrderConfirmed', data: {} });
export const orderCompleted = (): Happened => ({ type: 'OrderCompleted', data: {} });
export const orderReleased = (): Happened => ({ type: 'OrderReleased', data: {} });
export const orderRejected = (reason: string | null = null): Happened => ({
  type: 'OrderRejected',
  data: { reason },
});
export const orderHeld = (reason: string | null = null): Happened => ({
  type: 'OrderHeld',
  data: { reason },
});
export const orderCancelled = (reason: string | null = null): Happened => ({
  type: 'OrderCancelled',
  data: { reason },
});

export const lineAdded = (added: OrderedLine): Happened => ({
  type: 'LineAdded',
  data: { line: added },
});
export const lineRemoved = (lineId: string): Happened => ({ type: 'LineRemoved', data: { lineId } });
export const lineQuantityChanged = (
  lineId: string,
  quantity: number,
  taxAmountMinor: number | null = null,
): Happened => ({ type: 'LineQuantityChanged', data: { lineId, quantity, taxAmountMinor } });

export const discount = (amountMinor: number, lineId: string | null = null, discountId = 'discount') => ({
  discountId,
  code: 'SPRING',
  description: null,
  amountMinor,
  lineId,
});
export const discountApplied = (...of: Parameters<typeof discount>): Happened => ({
  type: 'DiscountApplied',
  data: { discount: discount(...of) },
});
export const discountRemoved = (discountId = 'discount'): Happened => ({
  type: 'DiscountRemoved',
  data: { discountId },
});

export const stockReserved = (data: Given<'StockReserved'> = {}): Happened => ({
  type: 'StockReserved',
  data: { reference: 'R1', lines: units(mug(10)), ...data },
});

export const authorized = (amountMinor: number, data: Given<'PaymentAuthorized'> = {}): Happened => ({
  type: 'PaymentAuthorized',
  data: {
    paymentId: 'authorization',
    amountMinor,
    currency: 'GBP',
    providerReference: 'A1',
    method: null,
    ...data,
  },
});
export const captured = (amountMinor: number, data: Given<'PaymentCaptured'> = {}): Happened => ({
  type: 'PaymentCaptured',
  data: {
    paymentId: 'capture',
    authorizationId: null,
    amountMinor,
    currency: 'GBP',
    providerReference: 'C1',
    method: null,
    ...data,
  },
});
export const paymentFailed = (amountMinor: number, data: Given<'PaymentFailed'> = {}): Happened => ({
  type: 'PaymentFailed',
  data: {
    paymentId: 'failure',
    authorizationId: null,
    amountMinor,
    currency: 'GBP',
    providerReference: null,
    reason: 'card declined',
    ...data,
  },
});
export const voided = (data: Given<'PaymentVoided'> = {}): Happened => ({
  type: 'PaymentVoided',
  data: { paymentId: 'void', authorizationId: 'authorization', providerReference: 'V1', ...data },
});
export const reversed = (amountMinor: number, data: Given<'PaymentReversed'> = {}): Happened => ({
  type: 'PaymentReversed',
  data: {
    paymentId: 'reversal',
    captureId: 'capture',
    amountMinor,
    currency: 'GBP',
    providerReference: 'D1',
    reason: null,
    ...data,
  },
});

export const refundRequested = (amountMinor: number, data: Given<'RefundRequested'> = {}): Happened => ({
  type: 'RefundRequested',
  data: {
    refundId: 'refund',
    reason: 'goodwill',
    returnId: null,
    of: { kind: 'amount' },
    amountMinor,
    currency: 'GBP',
    ...data,
  },
});
export const refundSucceeded = (refundId = 'refund', providerReference = 'B1'): Happened => ({
  type: 'RefundSucceeded',
  data: { refundId, providerReference },
});
export const refundFailed = (refundId = 'refund', data: Given<'RefundFailed'> = {}): Happened => ({
  type: 'RefundFailed',
  data: { refundId, providerReference: null, reason: 'account closed', ...data },
});

export const shipmentCreated = (data: Given<'ShipmentCreated'> = {}): Happened => ({
  type: 'ShipmentCreated',
  data: { shipmentId: 'parcel', carrier: null, ...data, lines: units(...(data.lines ?? [mug(10)])) },
});
export const shipmentDispatched = (data: Given<'ShipmentDispatched'> = {}): Happened => ({
  type: 'ShipmentDispatched',
  data: { shipmentId: 'parcel', carrier: null, trackingNumber: 'T1', ...data },
});
export const trackingChanged = (
  trackingNumber: string,
  data: Given<'ShipmentTrackingChanged'> = {},
): Happened => ({
  type: 'ShipmentTrackingChanged',
  data: { shipmentId: 'parcel', carrier: null, trackingNumber, ...data },
});
export const shipmentDelivered = (shipmentId = 'parcel'): Happened => ({
  type: 'ShipmentDelivered',
  data: { shipmentId },
});
export const shipmentLost = (shipmentId = 'parcel', reason: string | null = null): Happened => ({
  type: 'ShipmentLost',
  data: { shipmentId, reason },
});
export const shipmentCancelled = (shipmentId = 'parcel', reason: string | null = null): Happened => ({
  type: 'ShipmentCancelled',
  data: { shipmentId, reason },
});
/** A parcel on its way, from packing on. */
export const sent = (...lines: readonly LineQuantity[]): Happened[] => [
  shipmentCreated({ lines }),
  shipmentDispatched(),
];

export const linesCancelled = (
  lines: readonly LineQuantity[],
  cancellationId = 'cancellation',
): Happened => ({
  type: 'LinesCancelled',
  data: { cancellationId, lines: units(...lines), reason: null },
});

export const returnRequested = (lines: readonly LineQuantity[], returnId = 'return'): Happened => ({
  type: 'ReturnRequested',
  data: { returnId, lines: units(...lines), reason: null },
});
export const returnApproved = (returnId = 'return'): Happened => ({
  type: 'ReturnApproved',
  data: { returnId },
});
export const returnDeclined = (returnId = 'return'): Happened => ({
  type: 'ReturnDeclined',
  data: { returnId, reason: null },
});
export const returnReceived = (lines: readonly LineQuantity[], returnId = 'return'): Happened => ({
  type: 'ReturnItemsReceived',
  data: { returnId, lines: units(...lines) },
});
export const returnClosed = (returnId = 'return'): Happened => ({ type: 'ReturnClosed', data: { returnId } });
/** A return, from asking to receiving all of it. */
export const returned = (...lines: readonly LineQuantity[]): Happened[] => [
  returnRequested(lines),
  returnApproved(),
  returnReceived(lines),
];

export const contactChanged = (contact: Contact): Happened => ({
  type: 'ContactChanged',
  data: {},
  personal: { contact },
});
export const noteAdded = (text: string, noteId = 'note'): Happened => ({
  type: 'NoteAdded',
  data: { noteId },
  personal: { text },
});
export const noteRedacted = (noteId = 'note', reason: string | null = null): Happened => ({
  type: 'NoteRedacted',
  data: { noteId, reason },
});
export const tagsChanged = (...tags: readonly string[]): Happened => ({
  type: 'TagsChanged',
  data: { tags },
});
export const attributesChanged = (attributes: Readonly<Record<string, string>>): Happened => ({
  type: 'AttributesChanged',
  data: { attributes },
});
