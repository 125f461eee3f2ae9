import { setTimeout as delay } from 'node:timers/promises';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';

const CLOSE_LIMIT_MS = 250;

/** The event store for as long as the work takes. */
export async function withEventStore<T>(
  connectionString: string,
  work: (store: DbClientEventStore) => Promise<T>,
): Promise<T> {
  const store = new DbClientEventStore({ connectionString });
  try {
    return await work(store);
  } finally {
    // A read that was cut off may never say that it has ended; the process ends anyway.
    await Promise.race([store.close(), delay(CLOSE_LIMIT_MS)]);
  }
}
