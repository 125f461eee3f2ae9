import type { Decision, Rejection as RejectionOf } from '../decider.js';

/** Every reason for which the order rejects a command, as clients see it in a problem's `code`. */
export const rejectionCodes = [
  // the order's lifecycle
  'order_not_found',
  'order_already_placed',
  'not_allowed_in_state',
  'order_on_hold',
  'order_not_fulfilled',
  // time
  'occurred_at_in_future',
  'occurred_at_needs_admin',
  'occurred_at_before_last_event',
  // content
  'no_lines',
  'too_many_lines',
  'too_many_items',
  'text_too_long',
  'quantity_out_of_range',
  'amount_out_of_range',
  'total_out_of_range',
  'invalid_currency',
  'invalid_country',
  'currency_mismatch',
  'discount_exceeds_lines',
  'line_index_out_of_range',
  'duplicate_line',
  'id_already_used',
  // what a command refers to
  'line_not_found',
  'discount_not_found',
  'payment_not_found',
  'refund_not_found',
  'shipment_not_found',
  'return_not_found',
  'note_not_found',
  // quantities (invariant 1)
  'quantity_exceeds_ordered',
  'quantity_exceeds_unshipped',
  'quantity_below_committed',
  'quantity_exceeds_dispatched',
  'quantity_exceeds_return',
  'quantity_exceeds_refundable',
  'line_in_use',
  // money (invariants 2 to 4)
  'provider_reference_reused',
  'capture_exceeds_authorization',
  'authorization_closed',
  'reversal_exceeds_capture',
  'refund_exceeds_captured',
  'refund_exceeds_shipping',
  'refund_exceeds_overpayment',
  // steps taken out of order
  'shipment_not_in_state',
  'return_not_in_state',
  'refund_not_in_state',
] as const;

export type RejectionCode = (typeof rejectionCodes)[number];
export type Rejection = RejectionOf<RejectionCode>;

export function accept<E>(...events: readonly E[]): Decision<E, never> {
  return { accepted: true, events };
}

/** A decision that rejects. A check returns it to end the decision, and null when nothing is wrong. */
export type Refusal = Extract<Decision<never, RejectionCode>, { accepted: false }>;

export function reject(code: RejectionCode, details: Rejection['details'] = {}): Refusal {
  return { accepted: false, rejection: { code, details } };
}

export function isRefusal(result: unknown): result is Refusal {
  return typeof result === 'object' && result !== null && 'accepted' in result && result.accepted === false;
}
