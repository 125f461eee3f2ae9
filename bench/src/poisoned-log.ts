import { randomUUID } from 'node:crypto';
import type { EncodedEvent, ExactEventStore } from '#event-store/port.js';
import { RawOrder } from './raw-orders.js';
import { runLane } from './measure.js';
import { IN_FLIGHT } from './system.js';
import { makeOrder } from './workload.js';

/** One order in so many is poison: a thousand of a hundred thousand. */
export const POISON_EVERY = 100;
/** Orders between an order's poison and the event that is parked behind it. */
const ORDERS_BETWEEN = 500;

/** Each what a projection meets in its own place: reading, folding, making a row. */
const poisons: readonly ((event: EncodedEvent) => EncodedEvent)[] = [
  (event) => ({ ...event, type: 'OrderTeleported' }),
  (event) => ({ ...event, data: { tags: [] } }),
  (event) => ({ ...event, type: 'OrderPlaced' }),
  (event) => ({ ...event, data: { ...(event.data as object), data: { tags: ['poison\0'] } } }),
];

/** The streams that are poison, by the revision of their poison. */
export type Poisoned = ReadonlyMap<string, number>;

/**
 * Orders of three events each; of those that are poison the third one is it, and a fourth follows later.
 * @returns the poisoned ones, and how many events the others have
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
