import type { EventStore, RawEvent } from '#event-store/port.js';
import { ORDER_STREAM_PREFIX, SNAPSHOT_STREAM_PREFIX } from '#event-store/streams.js';

type Reading = Pick<EventStore, 'subscribeToAll' | 'readStream'>;

/** All events of order streams in the order of `$all`, and the event ids of each stream in the order of a read. */
export async function loadLog(
  store: Reading,
): Promise<{ log: readonly RawEvent[]; streams: ReadonlyMap<string, readonly string[]> }> {
  const log = await loadEvents(store);
  const streams = new Map<string, readonly string[]>();
  for (const stream of new Set(log.map((event) => event.stream))) {
    const ids: string[] = [];
    for await (const { eventId } of store.readStream(stream)) ids.push(eventId);
    streams.set(stream, ids);
  }
  return { log, streams };
}

/** Every snapshot in the log, which also keeps those that reads of their streams no longer show. */
export function loadSnapshots(store: Pick<Reading, 'subscribeToAll'>): Promise<readonly RawEvent[]> {
  return loadEvents(store, SNAPSHOT_STREAM_PREFIX);
}

/** All events of order streams, or of streams with another prefix, in the order of `$all`. */
export async function loadEvents(
  store: Pick<Reading, 'subscribeToAll'>,
  streamPrefix = ORDER_STREAM_PREFIX,
): Promise<RawEvent[]> {
  const log: RawEvent[] = [];
  const stop = new AbortController();
  for await (const message of store.subscribeToAll({ after: null, streamPrefix, signal: stop.signal })) {
    if (message.kind === 'caught_up') break;
    if (message.kind === 'event') log.push(message.event);
  }
  stop.abort();
  return log;
}
