import type { StoredExactEvent } from '#event-store/port.js';
import { ORDER_STREAM_PREFIX, orderStreamOfSnapshots, SNAPSHOT_STREAM_PREFIX } from '#event-store/streams.js';
import { storedEvents } from '../events/stored-order-events.js';
import { Stopped } from '../support/interruption.js';
import type { SnapshotWork } from './each-order.js';

type Looking = Pick<SnapshotWork, 'store' | 'patience' | 'onLooked' | 'stopAsked'>;

/** The streams of the orders that have, or once had, a snapshot. @throws Stopped */
export function ordersWithSnapshot(looking: Looking): Promise<readonly string[]> {
  return streamsOf(looking, SNAPSHOT_STREAM_PREFIX, ({ stream }) => orderStreamOfSnapshots(stream));
}

/** The streams of the orders that have at least `minEvents` events. @throws Stopped */
export function longOrders(looking: Looking, minEvents: number): Promise<readonly string[]> {
  return streamsOf(looking, ORDER_STREAM_PREFIX, ({ stream, revision }) =>
    revision === minEvents - 1 ? stream : null,
  );
}

async function streamsOf(
  { store, patience, onLooked, stopAsked }: Looking,
  streamPrefix: string,
  orderOf: (event: StoredExactEvent) => string | null,
): Promise<readonly string[]> {
  const streams = new Set<string>();
  const upTo = (await store.headPosition()) ?? -1n;
  let events = 0;
  for await (const event of storedEvents(store, { after: null, upTo, patience, streamPrefix })) {
    if (stopAsked()) throw new Stopped('stopped before anything was done');
    const order = orderOf(event);
    if (order !== null) streams.add(order);
    onLooked(++events);
  }
  return [...streams];
}
