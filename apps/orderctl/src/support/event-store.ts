import { DbClientEventStore } from '#event-store/db-client-event-store.js';

/** Opens the event store for as long as the work takes. */
export async function withEventStore<T>(
  connectionString: string,
  work: (store: DbClientEventStore) => Promise<T>,
): Promise<T> {
  const store = new DbClientEventStore({ connectionString });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
