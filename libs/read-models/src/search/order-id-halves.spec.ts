import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { orderIdHalves } from './order-id-halves.js';

function compare(one: string, other: string): number {
  const [a, b] = [orderIdHalves(one), orderIdHalves(other)];
  const order = (x: string, y: string) => (BigInt(x) < BigInt(y) ? -1 : Number(BigInt(x) > BigInt(y)));
  return order(a.orderIdHigh, b.orderIdHigh) || order(a.orderIdLow, b.orderIdLow);
}

describe('orderIdHalves', () => {
  it('are in the order of the ids', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), (one, other) => {
        expect(compare(one, other)).toBe(one < other ? -1 : Number(one > other));
      }),
    );
  });

  it('are longs, the least and the greatest included', () => {
    expect(orderIdHalves('00000000-0000-0000-ffff-ffffffffffff')).toEqual({
      orderIdHigh: '-9223372036854775808',
      orderIdLow: '9223372036854775807',
    });
  });
});
