import { StoreUnavailable } from '#event-store/errors.js';
import type { EventStore } from '#event-store/port.js';
import { ORDER_STREAM_PREFIX } from '#event-store/streams.js';
import type { EventBuffer } from './event-buffer.js';

export interface FeedOptions {
  readonly eventStore: Pick<EventStore, 'subscribeToAll'>;
  /** null: from the first event on. */
  readonly after: bigint | null;
  readonly buffer: EventBuffer;
  readonly signal: AbortSignal;
  /** The last position that was put into the buffer before the subscription had caught up. */
  readonly onCaughtUp: (position: bigint) => void;
}

/** Puts every order event after a position into a buffer; the buffer is ended with whatever ends that. */
export async function feed({ eventStore, after, buffer, signal, onCaughtUp }: FeedOptions): Promise<void> {
  let last = after ?? -1n;
  signal.addEventListener('abort', () => buffer.end(signal.reason), { once: true });
  try {
    const messages = eventStore.subscribeToAll({ after, streamPrefix: ORDER_STREAM_PREFIX, signal });
    for await (const message of messages) {
      if (message.kind === 'caughtUp') {
        onCaughtUp(last);
        continue;
      }
      last = message.kind === 'event' ? message.event.position : message.position;
      await buffer.put(message);
    }
    buffer.end(new StoreUnavailable('the subscription ended'));
  } catch (error) {
    buffer.end(error);
  }
}
