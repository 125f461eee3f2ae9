import type { OrderCommandType } from '#domain/order/order.js';
import type { RejectionCode } from '#domain/order/rejections.js';

/** Rejections that any command to an existing order can meet. Placing meets them too, except `order_not_found`. */
export const commonRejections: readonly RejectionCode[] = [
  'order_not_found',
  'occurred_at_in_future',
  'occurred_at_needs_admin',
  'occurred_at_before_last_event',
];

const text: readonly RejectionCode[] = ['text_too_long'];
const inState: readonly RejectionCode[] = ['not_allowed_in_state'];
const notOnHold: readonly RejectionCode[] = [...inState, 'order_on_hold'];
const units: readonly RejectionCode[] = [
  'no_lines',
  'line_not_found',
  'duplicate_line',
  'quantity_out_of_range',
];
const payment: readonly RejectionCode[] = [
  ...text,
  'currency_mismatch',
  'amount_out_of_range',
  'too_many_items',
  'id_already_used',
];
const content: readonly RejectionCode[] = [
  ...text,
  'no_lines',
  'too_many_lines',
  'too_many_items',
  'quantity_out_of_range',
  'amount_out_of_range',
  'total_out_of_range',
  'invalid_country',
  'discount_exceeds_lines',
  'id_already_used',
];

/** The other rejections that each command can meet, for the description of the API. */
export const rejectionsOfCommands: Readonly<Record<OrderCommandType, readonly RejectionCode[]>> = {
  PlaceOrder: [...content, 'line_index_out_of_range', 'invalid_currency', 'order_already_placed'],
  ConfirmOrder: notOnHold,
  RejectOrder: [...inState, ...text],
  HoldOrder: [...inState, ...text],
  ReleaseOrder: inState,
  CancelOrder: [...inState, ...text, 'id_already_used'],
  CompleteOrder: [...notOnHold, 'order_not_fulfilled'],
  EditOrder: [
    ...inState,
    ...content,
    'line_not_found',
    'discount_not_found',
    'quantity_below_committed',
    'line_in_use',
  ],
  ChangeContact: text,
  CancelLines: [
    ...inState,
    ...text,
    ...units,
    'quantity_exceeds_unshipped',
    'too_many_items',
    'id_already_used',
  ],

  RecordStockReserved: [...inState, ...text, ...units, 'quantity_exceeds_ordered'],
  RecordStockRejected: [...inState, ...text, ...units, 'quantity_exceeds_ordered'],
  RecordStockReleased: text,

  RecordPaymentAuthorized: [...payment, 'provider_reference_reused'],
  RecordPaymentCaptured: [
    ...payment,
    'provider_reference_reused',
    'payment_not_found',
    'capture_exceeds_authorization',
    'authorization_closed',
    'total_out_of_range',
  ],
  RecordPaymentFailed: [...payment, 'payment_not_found'],
  RecordPaymentVoided: [
    ...text,
    'payment_not_found',
    'authorization_closed',
    'provider_reference_reused',
    'id_already_used',
  ],
  RecordPaymentReversed: [
    ...payment,
    'provider_reference_reused',
    'payment_not_found',
    'reversal_exceeds_capture',
  ],
  RequestRefund: [
    ...units,
    'currency_mismatch',
    'amount_out_of_range',
    'return_not_found',
    'quantity_exceeds_refundable',
    'refund_exceeds_captured',
    'refund_exceeds_shipping',
    'refund_exceeds_overpayment',
    'too_many_items',
    'id_already_used',
  ],
  RecordRefundSucceeded: [
    ...text,
    'refund_not_found',
    'refund_not_in_state',
    'provider_reference_reused',
    'refund_exceeds_captured',
  ],
  RecordRefundFailed: [...text, 'refund_not_found', 'refund_not_in_state', 'provider_reference_reused'],

  CreateShipment: [
    ...notOnHold,
    ...text,
    ...units,
    'quantity_exceeds_unshipped',
    'too_many_items',
    'id_already_used',
  ],
  DispatchShipment: [...notOnHold, ...text, 'shipment_not_found', 'shipment_not_in_state'],
  ChangeShipmentTracking: [...inState, ...text, 'shipment_not_found', 'shipment_not_in_state'],
  DeliverShipment: ['shipment_not_found', 'shipment_not_in_state'],
  RecordShipmentLost: [
    ...inState,
    ...text,
    'shipment_not_found',
    'shipment_not_in_state',
    'quantity_exceeds_dispatched',
  ],
  CancelShipment: [...text, 'shipment_not_found', 'shipment_not_in_state'],

  RequestReturn: [
    ...inState,
    ...text,
    ...units,
    'quantity_exceeds_dispatched',
    'too_many_items',
    'id_already_used',
  ],
  ApproveReturn: ['return_not_found', 'return_not_in_state'],
  DeclineReturn: [...text, 'return_not_found', 'return_not_in_state'],
  ReceiveReturn: [
    ...units,
    'return_not_found',
    'return_not_in_state',
    'quantity_exceeds_return',
    'too_many_items',
  ],
  CloseReturn: ['return_not_found', 'return_not_in_state'],

  AddNote: [...text, 'too_many_items', 'id_already_used'],
  RedactNote: [...text, 'note_not_found'],
  ChangeTags: [...text, 'too_many_items'],
  ChangeAttributes: [...text, 'too_many_items'],
};
