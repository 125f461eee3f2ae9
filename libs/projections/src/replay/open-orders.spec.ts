import { describe, expect, it } from '@jest/globals';
import type { StoredExactEvent } from '#event-store/port.js';
import { OpenOrders } from './open-orders.js';

const bytesOf = (content: unknown) => new TextEncoder().encode(JSON.stringify(content));

function event(stream: string, revision: number, data: unknown = { revision }): StoredExactEvent {
  return {
    ...{ stream, revision, position: BigInt(revision) + 2n ** 40n, type: 'Geändert' },
    eventId: `0189a1b2-4c5d-7e6f-8a9b-0000000000${String(revision).padStart(2, '0')}`,
    ...{ contentType: 'application/json', data: bytesOf(data), metadata: bytesOf({ of: stream }) },
  };
}

describe('OpenOrders', () => {
  it('gives back what was put in, event by event', () => {
    const open = new OpenOrders();
    expect(open.add(event('a', 3, { text: 'Crème brûlée '.repeat(2_000) }))).toBe(true);
    expect(open.add(event('a', 4))).toBe(false);
    const [order] = open.take(Infinity);
    expect(order).toMatchObject({ stream: 'a', fromRevision: 3, revision: 4 });
    const events = order!.events.takeAll('a');
    expect(events[0]!.data).toEqual({ text: 'Crème brûlée '.repeat(2_000) });
    expect(events[1]).toEqual({
      ...{ stream: 'a', revision: 4, position: 4n + 2n ** 40n, type: 'Geändert' },
      eventId: '0189a1b2-4c5d-7e6f-8a9b-000000000004',
      ...{ data: { revision: 4 }, metadata: { of: 'a' }, sizeBytes: 24 },
    });
  });

  it('takes out first what got no event for the longest time, and knows what it holds', () => {
    const open = new OpenOrders();
    for (const stream of ['a', 'b', 'c']) open.add(event(stream, 0));
    open.add(event('a', 1));
    expect(open.take(1).map(({ stream }) => stream)).toEqual(['b']);
    expect(open.size).toBe(2);
    expect(open.take(0)).toEqual([]);
    expect(open.take(Infinity).map(({ stream }) => stream)).toEqual(['c', 'a']);
    expect(open.sizeBytes).toBe(0);
  });

  it.each([
    ['is no JSON', { data: new Uint8Array([0x7b]) }],
    ['is not said to be JSON', { contentType: 'application/octet-stream' }],
  ])('leaves it to the codec to refuse data that %s', (_what, changes) => {
    const open = new OpenOrders();
    open.add({ ...event('a', 0), ...changes });
    const [given] = open.take(1)[0]!.events.takeAll('a');
    expect(given).toMatchObject({ revision: 0, metadata: { of: 'a' } });
    expect(given!.data).toBeUndefined();
  });
});
