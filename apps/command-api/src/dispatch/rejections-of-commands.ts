import type { OrderCommandType } from '#domain/order/order.js';
import type { RejectionCode } from '#domain/order/rejections.js';

/** Anything that changes an order can meet these. */
export const commonRejections: readonly RejectionCode[] = [
  'order_not_found',
  'occurred_at_in_future',
  'occurred_at_needs_admin',
  'occurred_at_before_last_event',
];

const lifecycle: readonly RejectionCode[] = ['not_allowed_in_state', 'order_on_hold'];
const texts: readonly RejectionCode[] = ['text_too_long'];
const someLines: readonly RejectionCode[] = [
  'no_lines',
  'line_not_found',
  'duplicate_line',
  'quantity_out_of_range',
];
const money: readonly RejectionCode[] = ['currency_mismatch', 'amount_out_of_range'];
const payment: readonly RejectionCode[] = [
  ...money,
  ...texts,
  'provider_reference_reused',
  'id_already_used',
];
const content: readonly RejectionCode[] = [
  ...texts,
  'no_lines',
  'too_many_lines',
  'too_many_items',
  'quantity_out_of_range',
  'amount_out_of_range',
  'total_out_of_range',
  'invalid_country',
  'discount_exceeds_lines',
  'line_not_found',
];

/** Which of the order's refusals a command can meet, for those who read the API's description. */
export const rejectionsOfCommands: Readonly<Record<OrderCommandType, readonly RejectionCode[]>> = {
  PlaceOrder: [...content, 'invalid_currency', 'order_already_placed'],
  ConfirmOrder: lifecycle,
  RejectOrder: [...lifecycle, ...texts],
  HoldOrder: [...lifecycle, ...texts],
  ReleaseOrder: lifecycle,
  CancelOrder: [...lifecycle, ...texts],
  CompleteOrder: [...lifecycle, 'order_not_fulfilled'],
  EditOrder: [
    ...lifecycle,
    ...content,
    'discount_not_found',
    'quantity_below_committed',
    'line_in_use',
    'id_already_used',
  ],
  CancelLines: [...lifecycle, ...texts, ...someLines, 'quantity_exceeds_unshipped', 'id_already_used'],
  RecordStockReserved: [...lifecycle, ...texts, ...someLines],
  RecordStockRejected: [...lifecycle, ...texts, ...someLines],
  RecordStockReleased: [...lifecycle, ...texts],
  RecordPaymentAuthorized: payment,
  RecordPaymentCaptured: [
    ...payment,
    'payment_not_found',
    'capture_exceeds_authorization',
    'authorization_closed',
  ],
  RecordPaymentFailed: [...payment, 'payment_not_found', 'authorization_closed'],
  RecordPaymentVoided: [
    'payment_not_found',
    'authorization_closed',
    'provider_reference_reused',
    'id_already_used',
    ...texts,
  ],
  RequestRefund: [
    ...money,
    ...someLines,
    'return_not_found',
    'quantity_exceeds_refundable',
    'refund_exceeds_captured',
    'refund_exceeds_shipping',
    'refund_exceeds_overpayment',
    'id_already_used',
  ],
  RecordRefundSucceeded: ['refund_not_found', 'refund_not_in_state', 'provider_reference_reused', ...texts],
  RecordRefundFailed: ['refund_not_found', 'refund_not_in_state', 'provider_reference_reused', ...texts],
  CreateShipment: [...lifecycle, ...texts, ...someLines, 'quantity_exceeds_unshipped', 'id_already_used'],
  DispatchShipment: [...lifecycle, ...texts, 'shipment_not_found', 'shipment_not_in_state'],
  DeliverShipment: [...lifecycle, 'shipment_not_found', 'shipment_not_in_state'],
  CancelShipment: [...lifecycle, ...texts, 'shipment_not_found', 'shipment_not_in_state'],
  RequestReturn: [
    'not_allowed_in_state',
    ...texts,
    ...someLines,
    'quantity_exceeds_dispatched',
    'id_already_used',
  ],
  ApproveReturn: ['not_allowed_in_state', 'return_not_found', 'return_not_in_state'],
  DeclineReturn: ['not_allowed_in_state', ...texts, 'return_not_found', 'return_not_in_state'],
  ReceiveReturn: [
    'not_allowed_in_state',
    ...someLines,
    'return_not_found',
    'return_not_in_state',
    'quantity_exceeds_return',
  ],
  CloseReturn: ['not_allowed_in_state', 'return_not_found', 'return_not_in_state'],
  AddNote: [...texts, 'id_already_used', 'too_many_items'],
  RedactNote: [...texts, 'note_not_found'],
  ChangeTags: [...texts, 'too_many_items'],
};
