import { expect, it } from '@jest/globals';
import type { RawEvent, SubscriptionMessage, SubscriptionOptions } from '#event-store/port.js';
import { BatchedSubscription } from './batched-subscription.js';

/** A log without end, of which it is noted how far it was read, and whether it still is. */
class EndlessLog {
  reads = 0;
  isRead = true;

  async *subscribeToAll({ signal }: SubscriptionOptions): AsyncGenerator<SubscriptionMessage> {
    signal.addEventListener('abort', () => (this.isRead = false));
    while (!signal.aborted) {
      const position = BigInt(this.reads++);
      yield { kind: 'event', event: { position, sizeBytes: 0 } as RawEvent };
    }
  }

  async headPosition(): Promise<bigint> {
    return 0n;
  }
}

it('a subscription that is ended reads nothing more, and closes, though its reader takes nothing more', async () => {
  const eventStore = new EndlessLog();
  const subscription = new BatchedSubscription({
    ...{ eventStore, after: null, limits: { maxEvents: 2, maxBytes: 10_000 } },
    ...{ signal: new AbortController().signal, onCaughtUp: () => {} },
  });
  expect((await subscription.next(() => 60_000)).events).toHaveLength(2);
  await new Promise(setImmediate);
  const { reads } = eventStore;
  subscription.end(new Error('what was taken cannot be written'));
  expect(eventStore.isRead).toBe(false);
  await expect(subscription.next(() => 0)).rejects.toThrow('what was taken cannot be written');
  await subscription.close();
  expect(eventStore.reads).toBe(reads);
});
