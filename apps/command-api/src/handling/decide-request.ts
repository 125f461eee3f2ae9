import { recorded } from '#domain/decider.js';
import { latest, type Instant } from '#domain/instant.js';
import { handledCommand } from '#domain/order/handled.js';
import { decide, evolve, type OrderEvent } from '#domain/order/order.js';
import type { Rejection } from '#domain/order/rejections.js';
import type { HandledCommand, Order, OrderState } from '#domain/order/state.js';
import { allowedCommands, customerMay } from '#domain/order/transitions.js';
import type { EventMetadata } from '#event-store/port.js';
import { uuidV5 } from '#platform/uuid-v5.js';
import type { CommandRequest } from './command-request.js';
import { IdempotencyKeyReused, OrderRejected, PreconditionFailed, PreconditionMissing } from './errors.js';

/** What a request comes to on one state of the order. */
export type RequestDecision =
  | { readonly kind: 'accepted'; readonly events: readonly OrderEvent[]; readonly recordedAt: Instant }
  /** The command was handled before. Within its window, every later state remembers it too. */
  | { readonly kind: 'replay'; readonly handled: HandledCommand }
  /** `isFinal`: every later state would refuse it too. */
  | { readonly kind: 'refused'; readonly error: Error; readonly isFinal: boolean }
  /** A no-op. */
  | { readonly kind: 'nothing'; readonly order: Order };

/**
 * Checked in this order: whose order it is, whether it was handled before, `If-Match`, the decision, and whether a
 * customer may ask for it now.
 */
export function decideRequest(order: OrderState, request: CommandRequest, now: Instant): RequestDecision {
  if (order !== null) {
    const early = decideEarly(order, request);
    if (early) return early;
  }
  const { command, commandId, occurredAt, mayBackdate, ownerCustomerId } = request;
  const decision = decide(order, command, {
    now,
    occurredAt,
    mayBackdate,
    newId: (index) => uuidV5(String(index), commandId),
  });
  if (!decision.accepted) return refused(request, decision.rejection, order);
  if (decision.events.length === 0) {
    if (order === null) throw new Error(`${command.type} did nothing to an order that does not exist`);
    return { kind: 'nothing', order };
  }
  // Checked last: work that is already done is a no-op for a customer too, whatever the status.
  const isCustomers = ownerCustomerId !== null && command.type !== 'PlaceOrder';
  if (order !== null && isCustomers && !customerMay(order, command.type)) {
    const details = { status: order.status, allowedCommands: allowedCommands(order) };
    return refused(request, { code: 'not_allowed_in_state', details }, order);
  }
  const recordedAt = order === null ? now : latest(now, order.lastRecordedAt);
  return { kind: 'accepted', events: decision.events, recordedAt };
}

/** What decides before the command does: whose order it is, what it has handled, `If-Match`. null: none of these. */
function decideEarly(order: Order, request: CommandRequest): RequestDecision | null {
  const { ownerCustomerId, mode, commandId, fingerprint, ifMatch } = request;
  if (ownerCustomerId !== null && order.customerId !== ownerCustomerId) {
    const rejection: Rejection = { code: 'order_not_found', details: {} };
    return { kind: 'refused', error: new OrderRejected(rejection), isFinal: true };
  }
  const handled = mode === 'remembered' ? handledCommand(order, commandId) : undefined;
  if (handled) {
    return handled.fingerprint === fingerprint
      ? { kind: 'replay', handled }
      : { kind: 'refused', error: new IdempotencyKeyReused(commandId), isFinal: true };
  }
  if (ifMatch === 'missing') {
    return { kind: 'refused', error: new PreconditionMissing('If-Match is missing'), isFinal: false };
  }
  if (ifMatch !== null && ifMatch !== order.revision) {
    return { kind: 'refused', error: new PreconditionFailed(ifMatch, order.revision), isFinal: false };
  }
  return null;
}

/** A customer is told only of commands that customers may give. */
function rejectionFor(
  { ownerCustomerId }: CommandRequest,
  { code, details }: Rejection,
  order: OrderState,
): Rejection {
  if (ownerCustomerId === null || order === null || details['allowedCommands'] === undefined) {
    return { code, details };
  }
  const allowed = allowedCommands(order).filter((type) => customerMay(order, type));
  return { code, details: { ...details, allowedCommands: allowed } };
}

function refused(request: CommandRequest, rejection: Rejection, order: OrderState): RequestDecision {
  const error = new OrderRejected(rejectionFor(request, rejection, order));
  return { kind: 'refused', error, isFinal: false };
}

/** The order as it will be once the events are stored. */
export function foldedWith(
  order: OrderState,
  events: readonly OrderEvent[],
  { commandId, fingerprint }: CommandRequest,
  recordedAt: Instant,
  evolveOrder = evolve,
): Order {
  const firstRevision = order === null ? 0 : order.revision + 1;
  const folded = events.reduce<OrderState>((state, event, index) => {
    const recording = { revision: firstRevision + index, recordedAt, commandId, fingerprint };
    return evolveOrder(state, recorded(event, recording));
  }, order);
  if (folded === null) throw new Error('a decision without events has nothing to fold');
  return folded;
}

export function metadataOf(
  request: CommandRequest,
  recordedAt: Instant,
): Omit<EventMetadata, 'schemaVersion'> {
  const { tenantId, commandId, fingerprint, correlationId, causationId, actor, traceparent } = request;
  return { tenantId, commandId, fingerprint, correlationId, causationId, actor, recordedAt, traceparent };
}
