import type { EventStore, RawEvent, StoredExactEvent } from '#event-store/port.js';
import { UnappliableEvent } from '../errors.js';

/** Streams that are read at one time. */
const CONCURRENT_STREAMS = 12;

const utf8 = new TextEncoder();

/**
 * So many events of a stream from a revision on.
 * @throws UnappliableEvent when one of them is not there
 */
export async function readExactly(
  eventStore: Pick<EventStore, 'readStream'>,
  stream: string,
  fromRevision: number,
  count: number,
): Promise<readonly StoredExactEvent[]> {
  const found: StoredExactEvent[] = [];
  for await (const event of eventStore.readStream(stream, { fromRevision, maxCount: count })) {
    if (event.revision !== fromRevision + found.length) break;
    found.push(exactEventOf(event));
  }
  if (found.length < count) {
    const why = 'is missing: its stream has later events, but not this one';
    throw new UnappliableEvent(stream, fromRevision + found.length, why);
  }
  return found;
}

/** With the bytes that its content has as JSON. */
export function exactEventOf({ data, metadata, ...event }: RawEvent): StoredExactEvent {
  const bytesOf = (content: unknown) => utf8.encode(JSON.stringify(content) ?? '');
  return { ...event, contentType: 'application/json', data: bytesOf(data), metadata: bytesOf(metadata) };
}

/** Does the work for each, for a few at a time. */
export async function forEachOf<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const left = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = left.next(); !next.done; next = left.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: CONCURRENT_STREAMS }, worker));
}
