import { StreamDeleted } from '#event-store/errors.js';
import type { EventStore, RawEvent, StoredExactEvent } from '#event-store/port.js';

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
