import type { Order } from './state.js';
import { orderTotals } from './totals.js';

export const paymentStatuses = [
  'none',
  'authorized',
  'voided',
  'failed',
  'reversed',
  'refunded',
  'overpaid',
  'partially_refunded',
  'partially_paid',
  'paid',
] as const;
export type PaymentStatus = (typeof paymentStatuses)[number];

/**
 * While nothing is captured, or all of it was taken back, the last payment event; then the first status below that
 * holds. Where nothing is left of what was captured, but something is due because the provider took back a part, it is
 * `reversed`, not `refunded`.
 */
export function paymentStatus(order: Order): PaymentStatus {
  const { capturedMinor, refundedMinor, balanceDueMinor } = orderTotals(order);
  if (capturedMinor === 0) {
    const { last } = order.payments;
    return last === null || last === 'captured' ? 'none' : last;
  }
  if (refundedMinor >= capturedMinor) {
    return balanceDueMinor > 0 && order.payments.reversals.length > 0 ? 'reversed' : 'refunded';
  }
  if (balanceDueMinor < 0) return 'overpaid';
  if (refundedMinor > 0) return 'partially_refunded';
  return balanceDueMinor > 0 ? 'partially_paid' : 'paid';
}

export const fulfilmentStatuses = [
  'unfulfilled',
  'partially_shipped',
  'shipped',
  'partially_delivered',
  'delivered',
] as const;
export type FulfilmentStatus = (typeof fulfilmentStatuses)[number];

/** Counts units that are not cancelled. A shipment counts once it is dispatched. */
export function fulfilmentStatus(order: Order): FulfilmentStatus {
  let wanted = 0;
  let dispatched = 0;
  let delivered = 0;
  for (const line of order.lines) {
    wanted += line.quantity - line.cancelled;
    dispatched += line.dispatched;
    delivered += line.delivered;
  }
  if (dispatched === 0) return 'unfulfilled';
  if (delivered > 0) return delivered < wanted ? 'partially_delivered' : 'delivered';
  return dispatched < wanted ? 'partially_shipped' : 'shipped';
}

export const returnStatuses = ['none', 'requested', 'approved', 'partially_returned', 'returned'] as const;
export type ReturnStatus = (typeof returnStatuses)[number];

/**
 * The first status that holds, so that waiting returns come before finished ones:
 * - `none`: no unit is in a return (not counting declined returns and units that a closed return never received);
 * - `requested`: a return waits for an answer;
 * - `approved`: units of an approved return are still to come;
 * - `partially_returned`: fewer units came back than were dispatched;
 * - `returned`: all of them did.
 */
export function returnStatus(order: Order): ReturnStatus {
  if (order.lines.every((line) => line.inReturns === 0)) return 'none';
  if (order.returns.some(({ status }) => status === 'requested')) return 'requested';
  if (order.returns.some(({ status }) => status === 'approved')) return 'approved';
  return order.lines.some((line) => line.received < line.dispatched) ? 'partially_returned' : 'returned';
}
