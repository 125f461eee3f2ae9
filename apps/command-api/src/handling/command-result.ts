import type { OrderEvent } from '#domain/order/order.js';
import type { Order } from '#domain/order/state.js';
import type { StoredOrderEvent } from '#event-store/port.js';
import type { CommandResult, HandledEvent } from './command-request.js';
import { eventIds } from './event-ids.js';
import type { GivenAnswer } from './given-answers.js';

/** @param events the last ones of the order, which this command made happen */
export function resultOf(
  order: Order,
  position: bigint | null,
  events: readonly OrderEvent[],
): CommandResult {
  const { orderId, revision } = order;
  const firstRevision = revision - events.length + 1;
  const handled = events.map((event, index) => handledEvent(event, firstRevision + index));
  return { orderId, revision, position, events: handled, replayed: false, order };
}

/** The same as `resultOf` gave it then, from the events as they are stored; only the order has moved on. */
export function replayOf(order: Order, position: bigint, events: readonly StoredOrderEvent[]): CommandResult {
  const handled = events.map((event) => handledEvent(event, event.recording.revision));
  const revision = handled.at(-1)?.revision ?? order.revision;
  return { orderId: order.orderId, revision, position, events: handled, replayed: true, order };
}

/** The answer to a command, to the same command once more; only the order has moved on. */
export function repetitionOf(first: GivenAnswer, order: Order): CommandResult {
  return { ...first, replayed: true, order };
}

function handledEvent(event: OrderEvent, revision: number): HandledEvent {
  return { type: event.type, revision, ids: eventIds(event) };
}
