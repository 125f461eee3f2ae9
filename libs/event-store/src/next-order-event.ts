import type { EventStore, RawEvent } from './port.js';
import { ORDER_STREAM_PREFIX } from './streams.js';

/**
 * The first event of any order after a position (null: of all), as a subscription of its own delivers it; null when
 * there is none now. @throws StoreUnavailable
 */
export async function nextOrderEvent(
  eventStore: Pick<EventStore, 'subscribeToAll'>,
  after: bigint | null,
  signal?: AbortSignal,
): Promise<RawEvent | null> {
  const enough = new AbortController();
  const either = signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal]);
  try {
    const messages = eventStore.subscribeToAll({ after, streamPrefix: ORDER_STREAM_PREFIX, signal: either });
    for await (const message of messages) {
      if (message.kind === 'event') return message.event;
      if (message.kind === 'caughtUp') return null;
    }
    return null;
  } finally {
    enough.abort();
  }
}
