import { StoreUnavailable } from '#event-store/errors.js';
import type { ExactEventStore } from '#event-store/port.js';
import { lossyStore } from './lossy-store.js';

/** A store that answers, but fails to read the streams for which `isUnreadable` returns true. */
export function unreadableStreams(
  store: ExactEventStore,
  isUnreadable: (stream: string) => boolean,
): ExactEventStore {
  type Range = Parameters<ExactEventStore['readStream']>[1];
  async function* unlessUnreadable<Event>(
    stream: string,
    read: () => AsyncIterable<Event>,
  ): AsyncGenerator<Event> {
    if (isUnreadable(stream)) throw new StoreUnavailable(`${stream} is not given`);
    yield* read();
  }
  return {
    ...lossyStore(store, () => false),
    readStream: (stream: string, range?: Range) =>
      unlessUnreadable(stream, () => store.readStream(stream, range)),
    readStreamExact: (stream: string, range?: Range) =>
      unlessUnreadable(stream, () => store.readStreamExact(stream, range)),
  };
}
