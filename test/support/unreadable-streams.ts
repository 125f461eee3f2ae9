import { StoreUnavailable } from '#event-store/errors.js';
import type { EventStore, ExactEventStore, RawEvent } from '#event-store/port.js';
import { lossyStore } from './lossy-store.js';

/** A store that answers, but fails to read the streams for which `isUnreadable` returns true. */
export function unreadableStreams(
  store: ExactEventStore,
  isUnreadable: (stream: string) => boolean,
): ExactEventStore {
  return {
    ...lossyStore(store, () => false),
    async *readStream(...args: Parameters<EventStore['readStream']>): AsyncGenerator<RawEvent> {
      const [stream] = args;
      if (isUnreadable(stream)) throw new StoreUnavailable(`${stream} is not given`);
      yield* store.readStream(...args);
    },
  };
}
