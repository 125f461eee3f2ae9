import type { StoreUnavailable, StreamDeleted } from '#event-store/errors.js';
import type { RawEvent } from '#event-store/port.js';
import { readStream, type ReadableStore } from '../engine/read-stream.js';

/**
 * The events of an order's stream up to a revision. An error is returned, not thrown, where this stream alone
 * cannot be read.
 * @throws StoreUnavailable when the event store as a whole is away
 */
export async function eventsUpTo(
  eventStore: ReadableStore,
  stream: string,
  revision: number,
): Promise<readonly RawEvent[] | StreamDeleted | StoreUnavailable> {
  const read = await readStream(eventStore, stream, { fromRevision: 0, maxCount: revision + 1 });
  if (read instanceof Error) return read;
  return read.filter((event) => event.revision <= revision); // a truncated stream may begin later
}
