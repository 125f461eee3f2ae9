import { randomUUID } from 'node:crypto';
import type { EncodedEvent, ExactEventStore } from '#event-store/port.js';
import { RawOrder } from './raw-orders.js';
import { runLane } from './measure.js';
import { IN_FLIGHT } from './system.js';
import { makeOrder } from './workload.js';

/** One order in a hundred is poisoned: a thousand of a hundred thousand. */
export const POISON_EVERY = 100;
/** How many orders are written between the poison of an order and the event that is parked behind it. */
const ORDERS_BETWEEN = 500;

/** Each poison fails in another step of a projection: decoding the event, folding it, or writing the row. */
const poisons: readonly ((event: EncodedEvent) => EncodedEvent)[] = [
  (event) => ({ ...event, type: 'OrderTeleported' }),
  (event) => ({ ...event, data: { tags: [] } }),
  (event) => ({ ...event, type: 'OrderPlaced' }),
  (event) => ({ ...event, data: { ...(event.data as object), data: { tags: ['poison\0'] } } }),
];

/** The poisoned streams, each with the revision of its poison. */
export type Poisoned = ReadonlyMap<string, number>;

/**
 * Fills a store with orders of three events each. In a poisoned order the third event is the poison, and a fourth
 * follows later.
 * @returns the poisoned streams, and how many events the other orders have
 */
export async function fillPoisoned(
  store: ExactEventStore,
  orders: number,
): Promise<{ poisoned: Poisoned; healthyEvents: number }> {
  const poisoned = new Map<string, number>();
  const later = new Map<number, () => Promise<unknown>>();
  let healthyEvents = 0;
  const write = async (index: number) => {
    const order = new RawOrder();
    const { stream, events } = await order.placed(makeOrder(index));
    const confirmed = await order.prepare({ type: 'ConfirmOrder', data: {}, personal: null });
    const tagged = await order.prepare({ type: 'ChangeTags', data: { tags: ['bench'] }, personal: null });
    const written = [...events, ...confirmed.events, ...tagged.events];
    const last = written.length - 1;
    if (index % POISON_EVERY === POISON_EVERY - 1) {
      poisoned.set(stream, last);
      const behind = { ...written[last]!, eventId: randomUUID() };
      later.set(index + ORDERS_BETWEEN, () => store.append(stream, [behind], last));
      written[last] = poisons[poisoned.size % poisons.length]!(written[last]!);
    } else healthyEvents += written.length;
    await store.append(stream, written, 'no_stream');
    const due = later.get(index);
    later.delete(index);
    await due?.();
  };
  await runLane(orders, IN_FLIGHT, write);
  for (const append of later.values()) await append();
  return { poisoned, healthyEvents };
}
