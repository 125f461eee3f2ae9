import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Order } from '#domain/order/state.js';
import { play, same, stories } from '#domain/testing/story.js';
import { StateCache } from './state-cache.js';

const folded = JSON.parse(readFileSync(new URL('../golden/folded.json', import.meta.url), 'utf8')) as Record<
  string,
  Order
>;
const order = folded['fulfilled']!;
const large: Order = { ...order, lines: Array.from({ length: 2_000 }, () => order.lines[0]!) };
const loaded = (each: Order) => ({ order: each, position: 1n });
const useOthers = (cache: StateCache, count: number) => {
  for (let n = 0; n < count; n++) cache.set(`another ${n}`, loaded(order));
};

describe('the state cache', () => {
  it('gives what it was given', () => {
    const cache = new StateCache({ maxSizeBytes: 1_000_000 });
    cache.set('a', loaded(order));
    expect(cache.get('a')).toEqual(loaded(order));
    expect(cache.get('b')).toBeNull();
  });

  it('is bounded by size, and lets go of what was used longest ago', () => {
    const cache = new StateCache({ maxSizeBytes: 200_000 });
    for (let n = 0; n < 100; n++) {
      cache.set(`order ${n}`, loaded(order));
      cache.get('order 0');
    }
    expect(cache.estimatedSizeBytes).toBeLessThanOrEqual(200_000);
    expect(cache.estimatedSizeBytes).toBeGreaterThan(100_000);
    expect(cache.get('order 0')).not.toBeNull();
    expect(cache.get('order 1')).toBeNull();
    expect(cache.get('order 99')).not.toBeNull();
  });

  it('gives every state as it was, also once others have been used since', () => {
    fc.assert(
      fc.property(stories({ minLength: 5, maxLength: 40 }), (turns) => {
        const states = play(turns).flatMap(({ after }) => (after === null ? [] : [after]));
        const cache = new StateCache({ maxSizeBytes: 60_000_000 });
        for (const [n, state] of states.entries())
          cache.set(`order ${n}`, { order: state, position: BigInt(n) });
        useOthers(cache, 700);
        for (const [n, state] of states.entries()) {
          const found = cache.get(`order ${n}`);
          same(found, { order: state, position: BigInt(n) });
          expect(found!.order).not.toBe(state); // it was kept as text
        }
      }),
      { numRuns: 20 },
    );
  });

  it('gives the state that was set last, not an older one of the order', () => {
    const cache = new StateCache({ maxSizeBytes: 3_000_000 });
    cache.set('order', loaded(order));
    useOthers(cache, 40);
    expect(cache.count).toBe(41);
    cache.set('order', loaded({ ...order, revision: order.revision + 1 }));
    useOthers(cache, 40);
    expect(cache.get('order')?.order?.revision).toBe(order.revision + 1);
    useOthers(cache, 40);
    cache.delete('order');
    expect(cache.get('order')).toBeNull();
    cache.set('order', loaded(order));
    useOthers(cache, 40);
    cache.clear();
    expect(cache.get('order')).toBeNull();
    expect(cache.count).toBe(0);
  });

  it('forgets a large state once others have been used since: as text it would take long to read', () => {
    const cache = new StateCache({ maxSizeBytes: 40_000_000 });
    cache.set('large', loaded(large));
    expect(cache.get('large')).not.toBeNull();
    useOthers(cache, 500);
    expect(cache.get('large')).toBeNull();
    expect(cache.get('another 0')).not.toBeNull();
  });

  it('keeps nothing when it may not take a byte', () => {
    const cache = new StateCache({ maxSizeBytes: 0 });
    cache.set('order', loaded(order));
    expect(cache.get('order')).toBeNull();
    expect(cache.count).toBe(0);
    expect(cache.estimatedSizeBytes).toBe(0);
  });

  it('keeps a state for as long as anybody holds it, however small the cache may be', () => {
    const cache = new StateCache({ maxSizeBytes: 0 });
    cache.hold('order');
    cache.hold('order');
    cache.set('order', loaded(large));
    cache.letGo('order');
    expect(cache.get('order')).toEqual(loaded(large));
    cache.letGo('order');
    expect(cache.get('order')).toBeNull();
    cache.hold('order');
    expect(cache.get('order')).toBeNull();
    cache.set('order', loaded(order));
    cache.delete('order');
    expect(cache.get('order')).toBeNull();
    cache.set('order', loaded(order));
    cache.clear();
    expect(cache.get('order')).toBeNull();
  });

  it('forgets an order that is there no more', () => {
    const cache = new StateCache({ maxSizeBytes: 1_000_000 });
    cache.set('order', loaded(order));
    cache.set('order', { order: null, position: null });
    expect(cache.get('order')).toBeNull();
  });

  it('gives one and the same object for as long as anybody holds it, whatever else is used', () => {
    const cache = new StateCache({ maxSizeBytes: 3_000_000 });
    cache.set('order', loaded(order));
    cache.hold('order');
    const first = cache.get('order');
    useOthers(cache, 40);
    expect(cache.get('order')).toBe(first);
    cache.letGo('order');
    cache.hold('order');
    const read = cache.get('order'); // from its text
    useOthers(cache, 40);
    expect(cache.get('order')).toBe(read);
    cache.delete('order');
    expect(cache.get('order')).toBeNull();
  });

  it('lets go of what it is told to', () => {
    const cache = new StateCache({ maxSizeBytes: 200_000 });
    cache.set('order', loaded(order));
    cache.delete('order');
    expect(cache.get('order')).toBeNull();
  });

  it('counts a large order as large, and does not keep one that would fill it', () => {
    const cache = new StateCache({ maxSizeBytes: 200_000 });
    cache.set('small', loaded(order));
    cache.set('large', loaded(large));
    expect(cache.get('large')).toBeNull();
    expect(cache.get('small')).not.toBeNull();
  });

  it('forgets an older state of an order that has become too large to keep', () => {
    const cache = new StateCache({ maxSizeBytes: 200_000 });
    cache.set('order', loaded(order));
    cache.set('order', loaded(large));
    expect(cache.get('order')).toBeNull();
    cache.set('order', loaded(order));
    useOthers(cache, 4);
    cache.set('order', loaded(large));
    expect(cache.get('order')).toBeNull();
  });
});
