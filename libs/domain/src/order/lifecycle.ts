import type { Command, DecisionContext, Draft, Event } from '../decider.js';
import type { DecideArea, EvolveArea, Nothing } from './area.js';
import type { CancellationEvent } from './cancellations.js';
import { checkReason } from './checks.js';
import { freshId } from './identity.js';
import { anythingDispatched, remaining } from './lines.js';
import { accept, isRefusal, reject, type Refusal } from './rejections.js';
import type { ShipmentEvent } from './shipments.js';
import type { Order } from './state.js';
import { checkAllowed } from './transitions.js';

type Reason = { readonly reason: string | null };

export type LifecycleEvent =
  | Event<'OrderConfirmed', Nothing>
  | Event<'OrderRejected', Reason>
  | Event<'OrderHeld', Reason>
  | Event<'OrderReleased', Nothing>
  | Event<'OrderCancelled', Reason>
  | Event<'OrderCompleted', Nothing>;

export type LifecycleCommand =
  | Command<'ConfirmOrder', Nothing>
  | Command<'RejectOrder', Reason>
  | Command<'HoldOrder', Reason>
  | Command<'ReleaseOrder', Nothing>
  | Command<'CancelOrder', Reason>
  | Command<'CompleteOrder', Nothing>;

/** Rejecting or cancelling an order also releases its hold: there is nothing left to hold back. */
const released = { onHold: false, holdReason: null };

export const evolveLifecycle: EvolveArea<LifecycleEvent> = {
  OrderConfirmed: (order) => ({ ...order, status: 'confirmed' }),
  OrderRejected: (order, { data }) => ({
    ...order,
    ...released,
    status: 'rejected',
    statusReason: data.reason,
  }),
  OrderHeld: (order, { data }) => ({ ...order, onHold: true, holdReason: data.reason }),
  OrderReleased: (order) => ({ ...order, ...released }),
  OrderCancelled: (order, { data }) => ({
    ...order,
    ...released,
    status: 'cancelled',
    statusReason: data.reason,
  }),
  OrderCompleted: (order) => ({ ...order, status: 'completed' }),
};

/** Cancelling an order also cancels its shipments and units, with the events of those areas. */
type DecidedHere = LifecycleEvent | ShipmentEvent | CancellationEvent;

export const decideLifecycle: DecideArea<LifecycleCommand, DecidedHere> = {
  ConfirmOrder: (order) => {
    if (order.status === 'confirmed') return accept();
    return checkAllowed(order, 'ConfirmOrder') ?? accept({ type: 'OrderConfirmed', data: {} });
  },

  RejectOrder: (order, { data }) => {
    if (order.status === 'rejected') return accept();
    return (
      checkAllowed(order, 'RejectOrder') ??
      checkReason(data.reason) ??
      accept({ type: 'OrderRejected', data })
    );
  },

  HoldOrder: (order, { data }) => {
    if (order.onHold) return accept();
    return (
      checkAllowed(order, 'HoldOrder') ?? checkReason(data.reason) ?? accept({ type: 'OrderHeld', data })
    );
  },

  ReleaseOrder: (order) => {
    if (!order.onHold) return accept();
    return checkAllowed(order, 'ReleaseOrder') ?? accept({ type: 'OrderReleased', data: {} });
  },

  CancelOrder: (order, { data }, context) => {
    if (order.status === 'cancelled') return accept();
    const wrong = checkAllowed(order, 'CancelOrder') ?? checkReason(data.reason);
    if (wrong) return wrong;
    const takenBack = takeBack(order, data.reason, context);
    if (isRefusal(takenBack)) return takenBack;
    return accept<Draft<DecidedHere>>(...takenBack, { type: 'OrderCancelled', data });
  },

  CompleteOrder: (order) => {
    if (order.status === 'completed') return accept();
    const wrong = checkAllowed(order, 'CompleteOrder');
    if (wrong) return wrong;
    // Every unit must be dispatched or cancelled. That also rules out a shipment that is only created.
    const waiting = order.lines.find((line) => line.dispatched + line.cancelled < line.quantity);
    if (waiting) return reject('order_not_fulfilled', { lineId: waiting.lineId });
    return accept({ type: 'OrderCompleted', data: {} });
  },
};

/**
 * Cancels the shipments that were not dispatched. If anything was dispatched, also cancels every unit that was
 * not: the total of a partly sent order is the value of the sent part (invariant 3).
 */
function takeBack(
  order: Order,
  reason: string | null,
  context: DecisionContext,
): Draft<ShipmentEvent | CancellationEvent>[] | Refusal {
  const events: Draft<ShipmentEvent | CancellationEvent>[] = order.shipments
    .filter(({ status }) => status === 'created')
    .map(({ shipmentId }) => ({ type: 'ShipmentCancelled', data: { shipmentId, reason } }));
  if (!anythingDispatched(order)) return events;
  const lines = remaining(order, (line) => line.quantity - line.cancelled - line.dispatched);
  if (lines.length === 0) return events;
  const cancellationId = freshId(order, context);
  if (isRefusal(cancellationId)) return cancellationId;
  // The limit of cancellations is not checked: this is the last one, and an order must not be kept from ending.
  return [...events, { type: 'LinesCancelled', data: { cancellationId, lines, reason } }];
}
