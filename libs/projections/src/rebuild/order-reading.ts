import { StreamDeleted } from '#event-store/errors.js';
import type { EventStore, RawEvent, StoredExactEvent } from '#event-store/port.js';

/** Streams that are read at one time: few, so that whoever asks meanwhile does not wait behind them. */
const CONCURRENT_STREAMS = 4;

const utf8 = new TextEncoder();

/** Those events of a stream from one revision to before another that it still gives: of a deleted one none. */
export async function readBetween(
  eventStore: Pick<EventStore, 'readStream'>,
  stream: string,
  fromRevision: number,
  beforeRevision: number,
): Promise<readonly StoredExactEvent[]> {
  const found: StoredExactEvent[] = [];
  const range = { fromRevision, maxCount: beforeRevision - fromRevision };
  try {
    for await (const event of eventStore.readStream(stream, range)) {
      if (event.revision >= beforeRevision) break; // of a truncated stream: it begins after them
      found.push(exactEventOf(event));
    }
  } catch (error) {
    if (!(error instanceof StreamDeleted)) throw error;
  }
  return found;
}

/** With the bytes that its content has as JSON. */
function exactEventOf({ data, metadata, ...event }: RawEvent): StoredExactEvent {
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
