import type { ExactEventStore } from '#event-store/port.js';
import { storeIdentity, storeMarkOf } from '#event-store/store-identity.js';

/** The mark that positions carry. The store is asked once; one that was away is asked again by the next command. */
export function storeMarkOnce(
  eventStore: Pick<ExactEventStore, 'readStream' | 'appendExact'>,
): () => Promise<string> {
  let mark: Promise<string> | null = null;
  const ask = async () => {
    try {
      return storeMarkOf(await storeIdentity(eventStore));
    } catch (error) {
      mark = null;
      throw error;
    }
  };
  return () => (mark ??= ask());
}
