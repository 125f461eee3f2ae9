import type { EventStore, ExactEventStore, RawEvent, SubscriptionMessage } from '#event-store/port.js';
import type { ProjectorOptions } from '#projections/projector.js';

/** A store that has lost events, in subscriptions and in their streams, for as long as `lost` says so. */
export function lossyStore(
  store: ExactEventStore,
  lost: (event: RawEvent) => boolean,
): ProjectorOptions['eventStore'] {
  return {
    headPosition: () => store.headPosition(),
    appendExact: store.appendExact.bind(store),
    async *readStream(...args: Parameters<EventStore['readStream']>): AsyncGenerator<RawEvent> {
      for await (const event of store.readStream(...args)) if (!lost(event)) yield event;
    },
    async *subscribeToAll(
      options: Parameters<EventStore['subscribeToAll']>[0],
    ): AsyncGenerator<SubscriptionMessage> {
      for await (const message of store.subscribeToAll(options)) {
        if (message.kind !== 'event' || !lost(message.event)) yield message;
      }
    },
  };
}
