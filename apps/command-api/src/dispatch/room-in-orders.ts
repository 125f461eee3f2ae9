import { LIMITS } from '#domain/order/limits.js';
import type { OrderCommandType } from '#domain/order/order.js';

const counted = (limit: number, what: string) =>
  `An order can have at most ${limit.toLocaleString('en')} ${what}.`;
const named = (limit: number, what: string) =>
  counted(limit, `${what}; together they name at most ${LIMITS.namedLines.toLocaleString('en')} lines`);

/** How many of the things that a command adds an order takes in its life, for the description of the API. */
export const roomInOrders: Readonly<Partial<Record<OrderCommandType, string>>> = {
  EditOrder: counted(LIMITS.removals, 'removals of lines and discounts'),
  CancelLines: named(LIMITS.cancellations, 'cancellations of units'),
  RecordPaymentAuthorized: counted(LIMITS.payments, 'authorizations'),
  RecordPaymentCaptured: counted(LIMITS.payments, 'captures'),
  RecordPaymentFailed: counted(LIMITS.payments, 'failed payments'),
  RecordPaymentReversed: counted(LIMITS.payments, 'reversals'),
  RequestRefund: named(LIMITS.refunds, 'refunds, including failed ones'),
  CreateShipment: named(LIMITS.shipments, 'shipments, including cancelled and lost ones'),
  RequestReturn: named(LIMITS.returns, 'returns, including declined ones'),
  ReceiveReturn: counted(LIMITS.receipts, 'receipts of returned units'),
  AddNote: counted(LIMITS.notes, 'notes, including redacted ones'),
};
