import type { OrderEvent } from '#domain/order/order.js';
import type { Order } from '#domain/order/state.js';
import type { StoredOrderEvent } from '#event-store/port.js';
import type { CommandResult, HandledEvent } from './command-request.js';
import { eventIds } from './event-ids.js';
import type { GivenAnswer } from './given-answers.js';

/** @param events of this command; they are the last events of `order` */
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

/** An idempotent replay: the result that `resultOf` gave before, made again from the stored events. */
export function replayOfEvents(
  order: Order,
  position: bigint,
  events: readonly StoredOrderEvent[],
): CommandResult {
  const handled = events.map((event) => handledEvent(event, event.recording.revision));
  const revision = handled.at(-1)?.revision ?? order.revision;
  return { orderId: order.orderId, revision, position, events: handled, replayed: true, order };
}

/** An idempotent replay: the answer that was given first. Only `order` is as it is now. */
export function replayOfAnswer(first: GivenAnswer, order: Order): CommandResult {
  return { ...first, replayed: true, order };
}

function handledEvent(event: OrderEvent, revision: number): HandledEvent {
  return { type: event.type, revision, ids: eventIds(event) };
}
