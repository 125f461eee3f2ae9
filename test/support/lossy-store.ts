import type {
  EventStore,
  ExactEventStore,
  RawEvent,
  StoredExactEvent,
  SubscriptionMessage,
} from '#event-store/port.js';

export type LossyEvent = Pick<RawEvent, 'stream' | 'revision'>;

/** A store that has lost the events for which `lost` returns true, in subscriptions and in streams. */
export function lossyStore(store: ExactEventStore, lost: (event: LossyEvent) => boolean): ExactEventStore {
  return {
    append: store.append.bind(store),
    close: () => store.close(),
    headPosition: () => store.headPosition(),
    appendExact: store.appendExact.bind(store),
    async *readStream(...args: Parameters<EventStore['readStream']>): AsyncGenerator<RawEvent> {
      for await (const event of store.readStream(...args)) if (!lost(event)) yield event;
    },
    async *readStreamExact(
      ...args: Parameters<ExactEventStore['readStreamExact']>
    ): AsyncGenerator<StoredExactEvent> {
      for await (const event of store.readStreamExact(...args)) if (!lost(event)) yield event;
    },
    async *subscribeToAll(
      options: Parameters<EventStore['subscribeToAll']>[0],
    ): AsyncGenerator<SubscriptionMessage> {
      for await (const message of store.subscribeToAll(options)) {
        if (message.kind !== 'event' || !lost(message.event)) yield message;
      }
    },
    async *subscribeToAllExact(
      options: Parameters<ExactEventStore['subscribeToAllExact']>[0],
    ): AsyncGenerator<SubscriptionMessage<StoredExactEvent>> {
      for await (const message of store.subscribeToAllExact(options)) {
        if (message.kind !== 'event' || !lost(message.event)) yield message;
      }
    },
  };
}
