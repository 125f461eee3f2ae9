import { DbClientEventStore } from '#event-store/db-client-event-store.js';

/**
 * Opens the event store for as long as the work takes. Reads go to the leader: what is written or reported depends
 * on them, so they must not miss an event.
 */
export async function withEventStore<T>(
  connectionString: string,
  work: (store: DbClientEventStore) => Promise<T>,
): Promise<T> {
  const store = new DbClientEventStore({ connectionString, fromLeader: true });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
