import type { ExactEventStore } from '#event-store/port.js';
import { storeIdentity } from '#event-store/store-identity.js';
import type { SeenEvent, StoreNow } from '#read-models/generations/made-from.js';
import { readStream, type ReadableStore } from './read-stream.js';

/** @throws as `storeIdentity`; `lacks` throws StoreUnavailable when the event store as a whole is away */
export async function storeNow(
  store: ReadableStore & Pick<ExactEventStore, 'appendExact'>,
): Promise<StoreNow> {
  return {
    storeId: await storeIdentity(store),
    headPosition: await store.headPosition(),
    lacks: (event) => lacks(store, event),
  };
}

async function lacks(store: ReadableStore, { stream, revision, eventId }: SeenEvent): Promise<boolean> {
  const read = await readStream(store, stream, { fromRevision: revision, maxCount: 1 });
  if (read instanceof Error) return false; // deleted for good; or it cannot be read, and nobody knows of its events
  const [found] = read;
  if (found?.eventId === eventId) return false;
  if (found?.revision === revision) return true;
  // A stream that was deleted, or cut at its beginning, says so in its metadata.
  const metadata = await readStream(store, `$$${stream}`, { fromRevision: 0, maxCount: 1 });
  return !(metadata instanceof Error) && metadata.length === 0;
}
