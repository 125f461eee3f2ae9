import { StoreUnavailable, StreamDeleted } from '#event-store/errors.js';
import type { RawEvent, StoredExactEvent } from '#event-store/port.js';
import { readStream, type ReadableStore } from '../engine/read-stream.js';

const utf8 = new TextEncoder();

/**
 * Those events of a stream from one revision to before another that it still gives: of a deleted one none. Or why it
 * cannot be read, where it is that stream alone.
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
  // A truncated stream may begin after them.
  return read.filter(({ revision }) => revision < beforeRevision).map(exactEventOf);
}

/** With the bytes that its content has as JSON. */
function exactEventOf({ data, metadata, ...event }: RawEvent): StoredExactEvent {
  const bytesOf = (content: unknown) => utf8.encode(JSON.stringify(content) ?? '');
  return { ...event, contentType: 'application/json', data: bytesOf(data), metadata: bytesOf(metadata) };
}
