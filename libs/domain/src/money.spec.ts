import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { minorUnitDigits } from './currencies.js';
import { allocate, mulDiv } from './money.js';
import { LIMITS } from './order/limits.js';

const amount = fc.integer({ min: 0, max: LIMITS.amountMinor });

describe('mulDiv', () => {
  it.each([
    [5, 1, 10, 0], // a half goes to the even
    [15, 1, 10, 2],
    [25, 1, 10, 2],
    [26, 1, 10, 3],
    [24, 1, 10, 2],
    [7, 1, 3, 2],
    [8, 1, 3, 3],
    [999, 2_000, 12_000, 166], // the tax inside 9.99 at 20 %
    [LIMITS.amountMinor, 100_000, 10_000, 10 * LIMITS.amountMinor],
    [90_071_992_547_409, 15_001, 30_002, 45_035_996_273_704], // a half, past 2^53
  ])('%i × %i / %i is %i', (a, b, divisor, expected) => {
    expect(mulDiv(a, b, divisor)).toBe(expected);
  });

  it('is exact where a double is not', () => {
    fc.assert(
      fc.property(amount, fc.nat(LIMITS.taxRateBasisPoints), fc.boolean(), (a, rate, inclusive) => {
        const divisor = inclusive ? 10_000 + rate : 10_000;
        const doubled = 2n * BigInt(a) * BigInt(rate);
        const off = doubled - 2n * BigInt(mulDiv(a, rate, divisor)) * BigInt(divisor);
        expect(off <= divisor && off >= -divisor).toBe(true);
      }),
    );
  });
});

describe('allocate', () => {
  it.each([
    [10, [1, 1, 1], [4, 3, 3]],
    [100, [1, 2], [33, 67]],
    [2, [1, 1, 1, 1], [1, 1, 0, 0]],
    [5, [0, 3, 0], [0, 5, 0]],
    [0, [0, 0], [0, 0]],
    [0, [], []],
  ])('spreads %i over %j as %j', (total, weights, parts) => {
    expect(allocate(total, weights)).toEqual(parts);
  });

  it('sums to the amount, each part within one of its share', () => {
    const weights = fc.array(fc.integer({ min: 0, max: LIMITS.amountMinor / 50 }), {
      minLength: 1,
      maxLength: 50,
    });
    fc.assert(
      fc.property(amount, weights, (total, over) => {
        const sum = over.reduce((all, weight) => all + weight, 0);
        fc.pre(sum > 0);
        const parts = allocate(total, over);
        expect(parts.reduce((all, part) => all + part, 0)).toBe(total);
        parts.forEach((part, index) => {
          const off = BigInt(part) * BigInt(sum) - BigInt(total) * BigInt(over[index]!);
          expect(off < BigInt(sum) && off > -BigInt(sum)).toBe(true);
        });
      }),
    );
  });

  it('takes no amount without a weight', () => {
    expect(() => allocate(1, [0, 0])).toThrow(RangeError);
    expect(() => allocate(1, [Number.MAX_SAFE_INTEGER, 1])).toThrow(RangeError);
  });
});

describe('minorUnitDigits', () => {
  it.each([
    ['GBP', 2],
    ['JPY', 0],
    ['KWD', 3],
    ['XXX', null],
    ['XTS', null],
    ['gbp', null],
    ['', null],
  ])('of %s is %p', (currency, digits) => {
    expect(minorUnitDigits(currency)).toBe(digits);
  });
});
