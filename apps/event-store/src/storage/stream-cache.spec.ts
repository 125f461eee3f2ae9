import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StoredEvent } from './stored-event.js';
import { StreamCache } from './stream-cache.js';

const ROOM = { maxBytes: 1_000_000, maxStreamBytes: 100_000 };

function eventOf(stream: string, revision: number, frameBytes = 10): StoredEvent {
  return { position: 1, stream, revision, type: 'T', createdMs: 0, frame: Buffer.alloc(frameBytes) };
}

/** The events of a stream from one revision to another, inclusive. */
function range(stream: string, from: number, to: number): StoredEvent[] {
  return Array.from({ length: to - from + 1 }, (_, n) => eventOf(stream, from + n));
}

function revisionsFrom(cache: StreamCache, stream: string, revision: number, limit = 100): number[] | null {
  return cache.from(stream, revision, limit)?.map((event) => event.revision) ?? null;
}

describe('the stream cache', () => {
  it('goes on from what was read with what is written', () => {
    const cache = new StreamCache(ROOM);
    cache.keep(range('s', 0, 2));
    cache.push(eventOf('s', 3));
    expect(revisionsFrom(cache, 's', 0)).toEqual([0, 1, 2, 3]);
    expect(revisionsFrom(cache, 's', 1, 2)).toEqual([1, 2]);
    expect([revisionsFrom(cache, 's', 4), revisionsFrom(cache, 'other', 0)]).toEqual([null, null]);
  });

  it('gives nothing across a hole', () => {
    const cache = new StreamCache(ROOM);
    cache.keep(range('s', 0, 2));
    cache.push(eventOf('s', 9));
    expect([revisionsFrom(cache, 's', 0), revisionsFrom(cache, 's', 9)]).toEqual([null, [9]]);
  });

  it('joins pages, and of two apart holds the one nearer to the end', () => {
    const cache = new StreamCache(ROOM);
    cache.keep(range('s', 10, 12));
    cache.keep(range('s', 0, 2));
    expect([revisionsFrom(cache, 's', 0), revisionsFrom(cache, 's', 10)]).toEqual([null, [10, 11, 12]]);
    cache.keep(range('s', 4, 10));
    cache.keep(range('s', 2, 3));
    cache.keep(range('s', 5, 6));
    expect(revisionsFrom(cache, 's', 2)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it('holds the last events of a long stream', () => {
    const cache = new StreamCache({ ...ROOM, maxStreamBytes: 3_000 });
    for (let revision = 0; revision < 50; revision++) cache.push(eventOf('s', revision, 744));
    expect([revisionsFrom(cache, 's', 46), revisionsFrom(cache, 's', 48)]).toEqual([null, [48, 49]]);
  });

  it('takes no page that is larger than a stream may be', () => {
    const cache = new StreamCache({ ...ROOM, maxStreamBytes: 3_000 });
    cache.push(eventOf('s', 50));
    cache.keep(range('s', 0, 49));
    expect([revisionsFrom(cache, 's', 0), revisionsFrom(cache, 's', 50)]).toEqual([null, [50]]);
  });

  it('lets go of the stream that was used longest ago', () => {
    const cache = new StreamCache({ maxBytes: 2_500, maxStreamBytes: 2_500 });
    for (const stream of ['a', 'b']) cache.push(eventOf(stream, 0, 744));
    revisionsFrom(cache, 'a', 0);
    cache.push(eventOf('c', 0, 744));
    expect(['a', 'b', 'c'].map((stream) => revisionsFrom(cache, stream, 0))).toEqual([[0], null, [0]]);
  });

  it('does not look for what follows before a tombstone', () => {
    const cache = new StreamCache(ROOM);
    cache.push(eventOf('s', 0));
    cache.push(eventOf('s', Number.MAX_SAFE_INTEGER));
    expect(revisionsFrom(cache, 's', 1)).toBeNull();
  });

  it('gives what is stored or nothing, whatever is read and written before', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('push' as const) }),
      fc.record({
        kind: fc.constant('keep' as const),
        from: fc.nat(40),
        count: fc.integer({ min: 1, max: 12 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 600, max: 6_000 }), (steps, bytes) => {
        const cache = new StreamCache({ maxBytes: 10_000, maxStreamBytes: bytes });
        const stored: StoredEvent[] = [];
        for (const taken of steps) {
          if (taken.kind === 'push') {
            stored.push(eventOf('s', stored.length));
            cache.push(stored.at(-1)!);
          } else cache.keep(stored.slice(taken.from, taken.from + taken.count));
          for (let from = 0; from <= stored.length; from++) {
            const found = cache.from('s', from, 5);
            if (found) expect(found).toEqual(stored.slice(from, from + Math.max(1, found.length)));
          }
          if (taken.kind === 'push') expect(cache.from('s', stored.length - 1, 5)).toHaveLength(1);
        }
      }),
    );
  });
});
