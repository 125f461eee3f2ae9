import { StoreUnavailable, StreamDeleted } from '#event-store/errors.js';
import type { StoredExactEvent } from '#event-store/port.js';
import { readStreamExact, type ExactReadableStore } from '../engine/read-stream.js';

/**
 * The events of a stream from one revision to before another, as far as it still gives them; none of a deleted
 * stream. An error is returned, not thrown, where this stream alone cannot be read.
 * @throws StoreUnavailable when the event store as a whole is away
 */
export async function readBetween(
  eventStore: ExactReadableStore,
  stream: string,
  fromRevision: number,
  beforeRevision: number,
): Promise<readonly StoredExactEvent[] | StoreUnavailable> {
  const range = { fromRevision, maxCount: beforeRevision - fromRevision };
  const read = await readStreamExact(eventStore, stream, range);
  if (read instanceof StreamDeleted) return [];
  if (read instanceof StoreUnavailable) return read;
  // A truncated stream may begin after the range.
  return read.filter(({ revision }) => revision < beforeRevision);
}
