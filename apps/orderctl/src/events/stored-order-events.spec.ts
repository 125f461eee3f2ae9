import { describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '#event-store/errors.js';
import type { ExactEventStore, StoredExactEvent, SubscriptionMessage } from '#event-store/port.js';
import { Stopped } from '../support/interruption.js';
import { Patience, storedOrderEvents } from './stored-order-events.js';

describe('patience with an event store', () => {
  it('ends when somebody stops it while the store is away', async () => {
    const told: string[] = [];
    const tell = (line: string) => void told.push(line);
    const patience = new Patience(tell, () => told.length > 0);
    await expect(patience.wait(new StoreUnavailable('nobody there'))).rejects.toThrow(Stopped);
    expect(told).toEqual(['waiting: nobody there']);
    await expect(patience.wait(new StoreUnavailable('nobody there'))).rejects.toThrow(Stopped);
    expect(told).toHaveLength(1);
  });

  it('ends when somebody stops it while the store gives no event of an order', async () => {
    let position = 0n;
    async function* subscribeToAllExact(): AsyncGenerator<SubscriptionMessage<StoredExactEvent>> {
      for (; position < 1_000n; position++) yield { kind: 'checkpoint', position };
    }
    const store = { subscribeToAllExact } as unknown as ExactEventStore;
    const patience = new Patience(
      () => undefined,
      () => position === 3n,
    );
    const events = storedOrderEvents(store, { after: null, upTo: 1_000n, patience });
    await expect(events.next()).rejects.toThrow(Stopped);
    expect(position).toBe(3n);
  });
});
