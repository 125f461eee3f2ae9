import { describe, expect, it } from '@jest/globals';
import { StoreSilent } from './errors.js';
import { nextOrderEvent, nextOrderEventAgeMs } from './next-order-event.js';
import type { RawEvent, SubscriptionMessage, SubscriptionOptions } from './port.js';

const event = { type: 'OrderPlaced', position: 5n } as RawEvent;

/** An event store whose subscription delivers these messages and then nothing more. */
const saying = (...messages: SubscriptionMessage[]) => ({
  async *subscribeToAll({ signal }: SubscriptionOptions) {
    yield* messages;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  },
});

describe('the next event of an order', () => {
  it('is the first that comes, or none where there is none now', async () => {
    const passed = { kind: 'checkpoint', position: 3n } as const;
    expect(await nextOrderEvent(saying(passed, { kind: 'event', event }), 1n)).toBe(event);
    expect(await nextOrderEvent(saying(passed, { kind: 'caught_up' }), 1n)).toBeNull();
  });

  it('is asked for no longer than it may take', async () => {
    await expect(nextOrderEvent(saying(), null, { withinMs: 20 })).rejects.toBeInstanceOf(StoreSilent);
  });

  it('is not asked for any longer when the signal aborts', async () => {
    const abort = new AbortController();
    const asked = nextOrderEvent(saying(), null, { signal: abort.signal });
    abort.abort();
    expect(await asked).toBeNull();
  });

  it('has an age of 0 when there is none, and an unknown age when its metadata cannot be read', async () => {
    expect(await nextOrderEventAgeMs(saying({ kind: 'caught_up' }), 1n)).toBe(0);
    expect(await nextOrderEventAgeMs(saying({ kind: 'event', event }), 1n)).toBeNull();
  });
});
