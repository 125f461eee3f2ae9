import type { Decide, Decision, DecisionContext, Draft, Evolve, Recorded } from '../decider.js';
import {
  decideCancellations,
  evolveCancellations,
  type CancellationCommand,
  type CancellationEvent,
} from './cancellations.js';
import { decideContact, evolveContact, type ContactCommand, type ContactEvent } from './contact.js';
import { decideEdits } from './edits.decider.js';
import { evolveEdits, type EditCommand, type EditEvent } from './edits.js';
import { decideLifecycle, evolveLifecycle, type LifecycleCommand, type LifecycleEvent } from './lifecycle.js';
import { decideNotes, evolveNotes, type NoteCommand, type NoteEvent } from './notes.js';
import { decidePayments, evolvePayments, type PaymentCommand, type PaymentEvent } from './payments.js';
import { decidePlacing, evolvePlacing, type PlacingCommand, type PlacingEvent } from './placing.js';
import { decideRefunds, evolveRefunds, type RefundCommand, type RefundEvent } from './refunds.js';
import { decideReturns, evolveReturns, type ReturnCommand, type ReturnEvent } from './returns.js';
import { decideShipments, evolveShipments, type ShipmentCommand, type ShipmentEvent } from './shipments.js';
import { decideStock, evolveStock, type StockCommand, type StockEvent } from './stock.js';
import { stamp } from './area.js';
import { HANDLED_WINDOW, remember, type HandledWindow } from './handled.js';
import { decideOccurredAt } from './occurred-at.js';
import { isRefusal, reject, type RejectionCode } from './rejections.js';
import type { Order, OrderState } from './state.js';
import { checkAllowed } from './transitions.js';

export type OrderEvent =
  | PlacingEvent
  | LifecycleEvent
  | EditEvent
  | ContactEvent
  | StockEvent
  | PaymentEvent
  | RefundEvent
  | ShipmentEvent
  | CancellationEvent
  | ReturnEvent
  | NoteEvent;

export type OrderCommand =
  | PlacingCommand
  | LifecycleCommand
  | EditCommand
  | ContactCommand
  | StockCommand
  | PaymentCommand
  | RefundCommand
  | ShipmentCommand
  | CancellationCommand
  | ReturnCommand
  | NoteCommand;

export type OrderEventType = OrderEvent['type'];
export type OrderCommandType = OrderCommand['type'];
export type RecordedOrderEvent = Recorded<OrderEvent>;

/** The folds of all areas of the order, one per event type. */
const evolveOrder: Evolve<Order, OrderEvent> = {
  ...evolvePlacing,
  ...evolveLifecycle,
  ...evolveEdits,
  ...evolveContact,
  ...evolveStock,
  ...evolvePayments,
  ...evolveRefunds,
  ...evolveShipments,
  ...evolveCancellations,
  ...evolveReturns,
  ...evolveNotes,
};

const decidePlaced: Decide<Order, Exclude<OrderCommand, PlacingCommand>, Draft<OrderEvent>, RejectionCode> = {
  ...decideLifecycle,
  ...decideEdits,
  ...decideContact,
  ...decideStock,
  ...decidePayments,
  ...decideRefunds,
  ...decideShipments,
  ...decideCancellations,
  ...decideReturns,
  ...decideNotes,
};

export const orderEventTypes = Object.keys(evolveOrder) as readonly OrderEventType[];

export const orderCommandTypes = [
  ...Object.keys(decidePlacing),
  ...Object.keys(decidePlaced),
] as readonly OrderCommandType[];

/**
 * Events that add units without an id of their own: a command repeated after it was forgotten would count twice.
 * So the commands of these events are kept.
 */
const addsUp: ReadonlySet<OrderEventType> = new Set(['ReturnItemsReceived'] as const);

/**
 * The order after one more event of its stream. Besides the event's own fold, this updates the handled commands,
 * the revision and the times of the last event.
 * @throws Error for a stream that no decider wrote: one that does not start with OrderPlaced, or places
 * twice, or holds an unknown event.
 */
export const evolve: EvolveOrder = evolveWithin(HANDLED_WINDOW);

export type EvolveOrder = (state: OrderState, event: RecordedOrderEvent) => Order;

/** `evolve` with another window of handled commands, for tests. */
export function evolveWithin(window: HandledWindow): EvolveOrder {
  return (state, event) => {
    if ((state === null) !== (event.type === 'OrderPlaced')) {
      throw new Error(
        `${event.type} at revision ${event.recording.revision} of an order that is ${state?.status ?? 'not placed'}`,
      );
    }
    const fold = evolveOrder[event.type] as ((state: OrderState, event: OrderEvent) => Order) | undefined;
    if (fold === undefined) throw new Error(`no fold for an event of type ${String(event.type)}`);
    const { recording } = event;
    const folded = fold(state, event);
    // Field by field, so that every order has one shape in memory, whatever its events were: what handles orders of
    // many shapes is several times as slow.
    return {
      orderId: folded.orderId,
      tenantId: folded.tenantId,
      number: folded.number,
      reference: folded.reference,
      customerId: folded.customerId,
      currency: folded.currency,
      lines: folded.lines,
      discounts: folded.discounts,
      surcharges: folded.surcharges,
      shipping: folded.shipping,
      shippingAddress: folded.shippingAddress,
      billingAddress: folded.billingAddress,
      attributes: folded.attributes,
      tags: folded.tags,
      status: folded.status,
      statusReason: folded.statusReason,
      onHold: folded.onHold,
      holdReason: folded.holdReason,
      placedAt: folded.placedAt,
      stock: folded.stock,
      payments: folded.payments,
      refunds: folded.refunds,
      shipments: folded.shipments,
      cancellations: folded.cancellations,
      returns: folded.returns,
      notes: folded.notes,
      personal: folded.personal,
      retiredIds: folded.retiredIds,
      handled: remember(state?.handled ?? [], recording, { kept: addsUp.has(event.type), window }),
      revision: recording.revision,
      lastOccurredAt: event.occurredAt,
      lastRecordedAt: recording.recordedAt,
    };
  };
}

/**
 * Decides a command on an order: the events to append (none: a no-op), or a rejection. The command's content is
 * checked first and its time last. So a request repeated late is still a no-op, and a wrong command is rejected
 * for what is wrong with it.
 */
export function decide(
  state: OrderState,
  command: OrderCommand,
  context: DecisionContext,
): Decision<OrderEvent, RejectionCode> {
  const decided = decideContent(state, command, context);
  if (!decided.accepted) return decided;
  if (decided.events.length === 0) return { accepted: true, events: [] };
  const occurredAt = decideOccurredAt(state, context);
  if (isRefusal(occurredAt)) return occurredAt;
  return { accepted: true, events: decided.events.map((draft) => stamp<OrderEvent>(draft, occurredAt)) };
}

function decideContent(
  state: OrderState,
  command: OrderCommand,
  context: DecisionContext,
): Decision<Draft<OrderEvent>, RejectionCode> {
  if (command.type === 'PlaceOrder') return decidePlacing.PlaceOrder(state, command, context);
  if (state === null) return reject('order_not_found');
  const decideOne = decidePlaced[command.type] as (
    order: Order,
    command: OrderCommand,
    context: DecisionContext,
  ) => Decision<Draft<OrderEvent>, RejectionCode>;
  const decided = decideOne(state, command, context);
  if (!decided.accepted || decided.events.length === 0) return decided;
  // Most decisions check this themselves, to give the most helpful rejection first. This check covers them all.
  return checkAllowed(state, command.type) ?? decided;
}
