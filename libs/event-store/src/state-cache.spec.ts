import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Order } from '#domain/order/state.js';
import { StateCache } from './state-cache.js';

const folded = JSON.parse(readFileSync(new URL('../golden/folded.json', import.meta.url), 'utf8')) as Record<
  string,
  Order
>;
const order = folded['fulfilled']!;
const large: Order = { ...order, lines: Array.from({ length: 2_000 }, () => order.lines[0]!) };
const loaded = (each: Order) => ({ order: each, position: 1n });

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
    expect(cache.get('order 0')).not.toBeNull();
    expect(cache.get('order 1')).toBeNull();
    expect(cache.get('order 99')).not.toBeNull();
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
  });
});
