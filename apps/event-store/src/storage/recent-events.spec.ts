import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RecentEvents } from './recent-events.js';
import type { StoredEvent } from './stored-event.js';

function eventAt(position: number, stream: string, revision: number, bytes = 10): StoredEvent {
  return {
    position,
    stream,
    revision,
    type: 'T',
    createdMs: 0,
    frame: Buffer.alloc(bytes),
  };
}

const positions = (events: readonly StoredEvent[]): number[] => events.map((event) => event.position);

describe('recent events', () => {
  it('holds the last ones and says from where on', () => {
    const recent = new RecentEvents(100, { maxEvents: 3, maxBytes: 1_000 });
    expect([recent.holdsAfter(100), recent.holdsAfter(99), recent.after(100, 10)]).toEqual([true, false, []]);
    for (let n = 0; n < 5; n++) recent.push(eventAt(101 + n, 's', n));
    expect(recent.firstPosition).toBe(103);
    expect([recent.holdsAfter(102), recent.holdsAfter(101)]).toEqual([true, false]);
    expect(positions(recent.after(102, 2))).toEqual([103, 104]);
    expect(positions(recent.after(105, 2))).toEqual([]);
  });

  it('drops the oldest when they have too many bytes, too', () => {
    const recent = new RecentEvents(0, { maxEvents: 100, maxBytes: 100 });
    for (let n = 1; n <= 20; n++) recent.push(eventAt(n, 's', n - 1, 30));
    expect(positions(recent.after(recent.firstPosition - 1, 100))).toEqual([18, 19, 20]);
  });

  it('refuses an event that does not follow the last one', () => {
    const recent = new RecentEvents(5, { maxEvents: 3, maxBytes: 1_000 });
    expect(() => recent.push(eventAt(7, 's', 0))).toThrow('does not follow');
  });

  it('forgets everything on a reset', () => {
    const recent = new RecentEvents(0, { maxEvents: 3, maxBytes: 1_000 });
    recent.push(eventAt(1, 's', 0));
    recent.reset(9);
    expect([recent.lastPosition, recent.holdsAfter(8)]).toEqual([9, false]);
  });

  it('agrees with a plain list for any writing and any limit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 600 }),
        fc.integer({ min: 1, max: 150 }),
        fc.integer({ min: 1, max: 40 }),
        (count, maxEvents, limit) => {
          const recent = new RecentEvents(0, { maxEvents, maxBytes: 1_000_000 });
          const all = Array.from({ length: count }, (_, n) => eventAt(n + 1, 's', n));
          for (const event of all) recent.push(event);
          const held = all.slice(-maxEvents);
          expect(recent.after(recent.firstPosition - 1, 1_000)).toEqual(held);
          held.forEach(({ position }, index) => {
            expect(recent.after(position, limit)).toEqual(held.slice(index + 1, index + 1 + limit));
          });
        },
      ),
    );
  });
});
