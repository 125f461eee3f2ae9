import type { ExactEventStore } from '#event-store/port.js';
import { ORDER_STREAM_PREFIX, orderStreamOfSnapshots, SNAPSHOT_STREAM_PREFIX } from '#event-store/streams.js';
import { storedEvents, type Patience } from '../events/stored-order-events.js';

type Store = Pick<ExactEventStore, 'subscribeToAllExact' | 'headPosition'>;

/** The streams of the orders that have, or once had, a snapshot. */
export async function ordersWithSnapshot(store: Store, patience: Patience): Promise<readonly string[]> {
  const streams = new Set<string>();
  const upTo = (await store.headPosition()) ?? -1n;
  const range = { after: null, upTo, patience, streamPrefix: SNAPSHOT_STREAM_PREFIX };
  for await (const { stream } of storedEvents(store, range)) {
    const order = orderStreamOfSnapshots(stream);
    if (order !== null) streams.add(order);
  }
  return [...streams];
}

/** The streams of the orders that have so many events, or more. */
export async function longOrders(
  store: Store,
  minEvents: number,
  patience: Patience,
): Promise<readonly string[]> {
  const streams = new Set<string>();
  const upTo = (await store.headPosition()) ?? -1n;
  const range = { after: null, upTo, patience, streamPrefix: ORDER_STREAM_PREFIX };
  for await (const { stream, revision } of storedEvents(store, range)) {
    if (revision === minEvents - 1) streams.add(stream);
  }
  return [...streams];
}
