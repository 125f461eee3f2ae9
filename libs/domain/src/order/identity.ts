import type { DecisionContext } from '../decider.js';
import { reject, type Refusal } from './rejections.js';
import type { Order } from './state.js';

/** Every id ever used in the order, including ids of what was removed since. */
export function usedIds(order: Order): Set<string> {
  const { payments } = order;
  return new Set([
    ...order.lines.map(({ lineId }) => lineId),
    ...order.discounts.map(({ discountId }) => discountId),
    ...order.surcharges.map(({ surchargeId }) => surchargeId),
    ...order.cancellations.map(({ cancellationId }) => cancellationId),
    ...[
      ...payments.authorizations,
      ...payments.captures,
      ...payments.failures,
      ...payments.voids,
      ...payments.reversals,
    ].map(({ paymentId }) => paymentId),
    ...order.refunds.map(({ refundId }) => refundId),
    ...order.shipments.map(({ shipmentId }) => shipmentId),
    ...order.returns.map(({ returnId }) => returnId),
    ...order.notes.map(({ noteId }) => noteId),
    ...order.retiredIds,
  ]);
}

/** The id of the one thing that a command creates, or `id_already_used`. */
export function freshId(order: Order, context: DecisionContext): string | Refusal {
  const id = context.newId(0);
  return usedIds(order).has(id) ? reject('id_already_used', { id }) : id;
}
