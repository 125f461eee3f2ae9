import { DbClientEventStore } from '#event-store/db-client-event-store.js';

/** The event store for as long as the work takes. What is read decides what is written or reported: it lacks nothing. */
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
