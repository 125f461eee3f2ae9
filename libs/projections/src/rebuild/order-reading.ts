import { StoreUnavailable, StreamDeleted } from '#event-store/errors.js';
import type { RawEvent, StoredExactEvent } from '#event-store/port.js';
import { readStream, type ReadableStore } from '../engine/read-stream.js';

const utf8 = new TextEncoder();

/**
 * The events of a stream from one revision to before another, as far as it still gives them; none of a deleted
 * stream. An error is returned, not thrown, where this stream alone cannot be read.
 * @throws StoreUnavailable when the event store as a whole is away
 */
export async function readBetween(
  eventStore: ReadableStore,
  stream: string,
  fromRevision: number,
  beforeRevision: number,
): Promise<readonly StoredExactEvent[] | StoreUnavailable> {
  const range = { fromRevision, maxCount: beforeRevision - fromRevision };
  const read = await readStream(eventStore, stream, range);
  if (read instanceof StreamDeleted) return [];
  if (read instanceof StoreUnavailable) return read;
  // A truncated stream may begin after the range.
  return read.filter(({ revision }) => revision < beforeRevision).map(exactEventOf);
}

/** The event with its content as the bytes of JSON. */
function exactEventOf({ data, metadata, ...event }: RawEvent): StoredExactEvent {
  const bytesOf = (content: unknown) => utf8.encode(JSON.stringify(content) ?? '');
  return { ...event, contentType: 'application/json', data: bytesOf(data), metadata: bytesOf(metadata) };
}
