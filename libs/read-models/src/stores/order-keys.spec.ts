import { describe, expect, it } from '@jest/globals';
import { pagesOf } from './order-keys.js';

const limits = { orders: 3, events: 100 };

function pagesWith(events: readonly number[]): number[][] {
  const orders = events.map((count, index) => ({
    tenantId: 'default',
    orderId: String(index),
    revision: count - 1,
  }));
  return [...pagesOf(orders, limits)].map((page) => page.map(({ orderId }) => Number(orderId)));
}

describe('a page of orders', () => {
  it('has no more of them than the limit', () => {
    expect(pagesWith([1, 1, 1, 1])).toEqual([[0, 1, 2], [3]]);
  });

  it('has no more events than may be in memory', () => {
    expect(pagesWith([60, 40, 1, 99, 1])).toEqual([[0, 1], [2, 3], [4]]);
  });

  it('is one order alone where that has more', () => {
    expect(pagesWith([1, 500, 1])).toEqual([[0], [1], [2]]);
  });

  it('is none where there is no order', () => {
    expect(pagesWith([])).toEqual([]);
  });
});
