import type { Command, DecisionContext, Draft, Event } from '../decider.js';
import { isRefusal, type DecidePart, type EvolvePart, type Refusal } from './area.js';
import type { CancellationEvent } from './cancellations.js';
import { checkReason } from './checks.js';
import { freshId } from './identity.js';
import { anythingDispatched, remaining } from './lines.js';
import { accept, reject } from './rejections.js';
import type { ShipmentEvent } from './shipments.js';
import type { Order } from './state.js';
import { checkAllowed } from './transitions.js';

type Reason = { readonly reason: string | null };
type Nothing = Readonly<Record<string, never>>;

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

export const evolveLifecycle: EvolvePart<LifecycleEvent> = {
  OrderConfirmed: (order) => ({ ...order, status: 'confirmed' }),
  OrderRejected: (order, { data }) => ({ ...released(order), status: 'rejected', statusReason: data.reason }),
  OrderHeld: (order, { data }) => ({ ...order, onHold: true, holdReason: data.reason }),
  OrderReleased: (order) => released(order),
  OrderCancelled: (order, { data }) => ({
    ...released(order),
    status: 'cancelled',
    statusReason: data.reason,
  }),
  OrderCompleted: (order) => ({ ...order, status: 'completed' }),
};

/** Also what ends an order releases it: there is nothing left to hold back. */
function released(order: Order): Order {
  return { ...order, onHold: false, holdReason: null };
}

/** What is taken back when an order is cancelled is said in the words of shipments and cancellations. */
type DecidedHere = LifecycleEvent | ShipmentEvent | CancellationEvent;

export const decideLifecycle: DecidePart<LifecycleCommand, DecidedHere> = {
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
    // Every unit has left or was cancelled; so no shipment can be merely created either.
    const waiting = order.lines.find((line) => line.dispatched + line.cancelled < line.quantity);
    if (waiting) return reject('order_not_fulfilled', { lineId: waiting.lineId });
    return accept({ type: 'OrderCompleted', data: {} });
  },
};

/**
 * Shipments that have not left, and, once something has, every unit that has not: the total of an order
 * of which a part was sent is the value of that part (invariant 3).
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
  // However many cancellations there are: this is the last one, and an order must not be kept from ending.
  return [...events, { type: 'LinesCancelled', data: { cancellationId, lines, reason } }];
}
