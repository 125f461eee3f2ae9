import type { AddressLines, Contact, LineInput, LineQuantity, OrderedLine } from '../order/content.js';
import type { EditOperation } from '../order/edits.js';
import type { OrderCommand, OrderCommandType } from '../order/order.js';
import type { PlacedPersonal } from '../order/placing.js';
import { britain, mug, orderId, units } from './events.js';

/** The commands of the examples. Each has a usual value in every field that is not given. */
type Data<T extends OrderCommandType> = Extract<OrderCommand, { type: T }>['data'];
type Given<T extends OrderCommandType> = Partial<Data<T>>;

function command<T extends OrderCommandType>(type: T, data: Data<T>): OrderCommand {
  return { type, data, personal: null } as unknown as OrderCommand;
}

/** A line as a command gives it. */
export function input({ lineId: _, ...line }: OrderedLine): LineInput {
  return line;
}

export function placeOrder(
  data: Given<'PlaceOrder'> = {},
  personal: Partial<PlacedPersonal> = {},
): OrderCommand {
  return {
    type: 'PlaceOrder',
    data: {
      orderId,
      tenantId: 'shop',
      reference: '536365',
      customerId: '17850',
      currency: 'GBP',
      lines: [input(mug(10))],
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

type Reason = string | null;
export const confirmOrder = () => command('ConfirmOrder', {});
export const rejectOrder = (reason: Reason = null) => command('RejectOrder', { reason });
export const holdOrder = (reason: Reason = null) => command('HoldOrder', { reason });
export const releaseOrder = () => command('ReleaseOrder', {});
export const cancelOrder = (reason: Reason = null) => command('CancelOrder', { reason });
export const completeOrder = () => command('CompleteOrder', {});

export function editOrder(
  operations: readonly EditOperation[],
  addresses: readonly (AddressLines | null)[] = operations.map(() => null),
): OrderCommand {
  return { type: 'EditOrder', data: { operations }, personal: { addresses } };
}
export const addLine = (added: OrderedLine): EditOperation => ({ op: 'addLine', line: input(added) });
export const removeLine = (lineId: string): EditOperation => ({ op: 'removeLine', lineId });
export const changeLineQuantity = (
  lineId: string,
  quantity: number,
  taxAmountMinor: number | null = null,
): EditOperation => ({ op: 'changeLineQuantity', lineId, quantity, taxAmountMinor });
export const applyDiscount = (amountMinor: number, lineId: string | null = null): EditOperation => ({
  op: 'applyDiscount',
  discount: { code: 'SPRING', description: null, amountMinor, lineId },
});
export const removeDiscount = (discountId = 'discount'): EditOperation => ({
  op: 'removeDiscount',
  discountId,
});
export const addSurcharge = (amountMinor: number): EditOperation => ({
  op: 'addSurcharge',
  surcharge: { code: 'GIFT', description: 'gift wrap', amountMinor },
});

export const recordStockReserved = (data: Given<'RecordStockReserved'> = {}) =>
  command('RecordStockReserved', { reference: 'R1', lines: [], ...data });
export const recordStockRejected = (data: Given<'RecordStockRejected'> = {}) =>
  command('RecordStockRejected', { reason: 'out of stock', lines: [], ...data });
export const recordStockReleased = (reason: Reason = null) => command('RecordStockReleased', { reason });

const money = (amountMinor: number) => ({ amountMinor, currency: 'GBP' });
export const recordAuthorized = (amountMinor: number, data: Given<'RecordPaymentAuthorized'> = {}) =>
  command('RecordPaymentAuthorized', {
    ...money(amountMinor),
    providerReference: 'A1',
    method: null,
    ...data,
  });
export const recordCaptured = (amountMinor: number, data: Given<'RecordPaymentCaptured'> = {}) =>
  command('RecordPaymentCaptured', {
    ...money(amountMinor),
    providerReference: 'C1',
    method: null,
    authorizationId: null,
    ...data,
  });
export const recordPaymentFailed = (amountMinor: number, data: Given<'RecordPaymentFailed'> = {}) =>
  command('RecordPaymentFailed', {
    ...money(amountMinor),
    providerReference: null,
    authorizationId: null,
    reason: 'card declined',
    ...data,
  });
export const recordVoided = (data: Given<'RecordPaymentVoided'> = {}) =>
  command('RecordPaymentVoided', { authorizationId: 'authorization', providerReference: 'V1', ...data });
export const recordReversed = (amountMinor: number, data: Given<'RecordPaymentReversed'> = {}) =>
  command('RecordPaymentReversed', {
    ...money(amountMinor),
    captureId: 'capture',
    providerReference: 'D1',
    reason: null,
    ...data,
  });

export const requestRefund = (
  of: number | readonly LineQuantity[] | Data<'RequestRefund'>['of'],
  data: Given<'RequestRefund'> = {},
) =>
  command('RequestRefund', {
    reason: 'goodwill',
    returnId: null,
    currency: 'GBP',
    of: typeof of === 'number' ? { kind: 'amount', amountMinor: of } : 'kind' in of ? of : ofLines(of),
    ...data,
  });
const ofLines = (lines: readonly LineQuantity[]) => ({ kind: 'lines' as const, lines: units(...lines) });
export const recordRefundSucceeded = (refundId = 'refund', providerReference = 'B1') =>
  command('RecordRefundSucceeded', { refundId, providerReference });
export const recordRefundFailed = (refundId = 'refund', data: Given<'RecordRefundFailed'> = {}) =>
  command('RecordRefundFailed', { refundId, providerReference: null, reason: 'account closed', ...data });

export const createShipment = (data: Given<'CreateShipment'> = {}) =>
  command('CreateShipment', { carrier: null, ...data, lines: units(...(data.lines ?? [])) });
export const dispatchShipment = (data: Given<'DispatchShipment'> = {}) =>
  command('DispatchShipment', { shipmentId: 'parcel', carrier: null, trackingNumber: 'T1', ...data });
export const changeTracking = (trackingNumber: string, data: Given<'ChangeShipmentTracking'> = {}) =>
  command('ChangeShipmentTracking', { shipmentId: 'parcel', carrier: null, trackingNumber, ...data });
export const deliverShipment = (shipmentId = 'parcel') => command('DeliverShipment', { shipmentId });
export const recordShipmentLost = (shipmentId = 'parcel', reason: Reason = null) =>
  command('RecordShipmentLost', { shipmentId, reason });
export const cancelShipment = (shipmentId = 'parcel', reason: Reason = null) =>
  command('CancelShipment', { shipmentId, reason });

export const cancelLines = (lines: readonly LineQuantity[], reason: Reason = null) =>
  command('CancelLines', { lines: units(...lines), reason });

export const requestReturn = (lines: readonly LineQuantity[], reason: Reason = null) =>
  command('RequestReturn', { lines: units(...lines), reason });
export const approveReturn = (returnId = 'return') => command('ApproveReturn', { returnId });
export const declineReturn = (returnId = 'return', reason: Reason = null) =>
  command('DeclineReturn', { returnId, reason });
export const receiveReturn = (lines: readonly LineQuantity[] = [], returnId = 'return') =>
  command('ReceiveReturn', { returnId, lines: units(...lines) });
export const closeReturn = (returnId = 'return') => command('CloseReturn', { returnId });

export const changeContact = (contact: Contact): OrderCommand => ({
  type: 'ChangeContact',
  data: {},
  personal: { contact },
});
export const addNote = (text: string): OrderCommand => ({ type: 'AddNote', data: {}, personal: { text } });
export const redactNote = (noteId = 'note', reason: Reason = null) =>
  command('RedactNote', { noteId, reason });
export const changeTags = (...tags: readonly string[]) => command('ChangeTags', { tags });
export const changeAttributes = (attributes: Readonly<Record<string, string>>) =>
  command('ChangeAttributes', { attributes });
