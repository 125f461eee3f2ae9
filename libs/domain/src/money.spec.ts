import { describe, expect, it } from '@jest/globals';
import { isISO4217CurrencyCode } from 'class-validator';
import fc from 'fast-check';
import { minorUnitDigits } from './currencies.js';
import { allocate, mulDiv } from './money.js';
import { LIMITS } from './order/limits.js';
import { exactHalfEven, exactShares } from './testing/exact-money.js';

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

  it('is the exact quotient, half-even, also where a double is not', () => {
    const divisors = fc.oneof(
      fc.constantFrom(2, 10_000, 20_000, 30_002),
      fc.nat(LIMITS.taxRateBasisPoints).map((rate) => 10_000 + rate),
    );
    fc.assert(
      fc.property(amount, fc.nat(LIMITS.taxRateBasisPoints), divisors, (a, b, divisor) => {
        const exact = exactHalfEven(BigInt(a), BigInt(b), BigInt(divisor));
        fc.pre(exact <= BigInt(Number.MAX_SAFE_INTEGER));
        expect(BigInt(mulDiv(a, b, divisor))).toBe(exact);
      }),
      { numRuns: 2_000 },
    );
  });

  it('meets a half as often above as below, and never leans', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), (whole) => {
        const half = mulDiv(2 * whole + 1, 1, 2);
        expect(half % 2).toBe(0);
        expect(Math.abs(2 * half - (2 * whole + 1))).toBe(1);
      }),
    );
  });
});

const anyWeights = fc
  .array(fc.oneof(fc.nat(9), fc.integer({ min: 0, max: LIMITS.amountMinor / 50 })), {
    minLength: 1,
    maxLength: 50,
  })
  .filter((over) => over.some((weight) => weight > 0));

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

  it('is what handing out one unit after the other comes to', () => {
    fc.assert(
      fc.property(amount, anyWeights, (total, over) => {
        const exact = exactShares(BigInt(total), over.map(BigInt));
        expect(allocate(total, over).map(BigInt)).toEqual(exact);
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves no part below nothing, and nothing where nothing weighs', () => {
    fc.assert(
      fc.property(amount, anyWeights, (total, over) => {
        allocate(total, over).forEach((part, index) => {
          expect(part).toBeGreaterThanOrEqual(0);
          if (over[index] === 0) expect(part).toBe(0);
        });
      }),
    );
  });

  it('gives each weight the same wherever it stands, but for who is owed the same part of a unit', () => {
    const shuffled = anyWeights.chain((over) =>
      fc.tuple(
        fc.constant(over),
        fc.shuffledSubarray([...over.keys()], { minLength: over.length, maxLength: over.length }),
      ),
    );
    fc.assert(
      fc.property(fc.nat(1_000), shuffled, (total, [over, places]) => {
        const sum = over.reduce((all, weight) => all + weight, 0);
        const parts = allocate(total, over);
        const moved = allocate(
          total,
          places.map((place) => over[place]!),
        );
        const owed = (place: number) => (BigInt(total) * BigInt(over[place]!)) % BigInt(sum);
        places.forEach((place, index) => {
          const tied = places.some((other) => other !== place && owed(other) === owed(place));
          if (!tied) expect(moved[index]).toBe(parts[place]);
        });
        // If all weights are equal, the parts are the same, perhaps in other places.
        const alike = over.every((weight) => weight === over[0]);
        if (alike) expect([...moved].sort()).toEqual([...parts].sort());
      }),
      { numRuns: 1_000 },
    );
  });

  it('takes no amount without a weight', () => {
    expect(() => allocate(1, [0, 0])).toThrow(RangeError);
    expect(() => allocate(1, [Number.MAX_SAFE_INTEGER, 1])).toThrow(RangeError);
  });
});

describe('minorUnitDigits', () => {
  /** All currencies that do not have two digits, and all codes without minor units, as ISO 4217 lists them. */
  const published: Readonly<Record<string, number | null>> = {
    ...digitsOf(0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'),
    ...digitsOf(3, 'BHD IQD JOD KWD LYD OMR TND'),
    ...digitsOf(4, 'CLF UYW'),
    ...digitsOf(null, 'XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX'),
    ...digitsOf(null, 'SLL ZWL'), // lapsed in 2024, but validator still lists them
  };
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const codes = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c)));

  it('of every ISO 4217 code is the one published, and no other code has any', () => {
    const newer = ['XAD', 'XCG', 'ZWG'];
    const expected = codes.map((code) => {
      const isListed = isISO4217CurrencyCode(code) || newer.includes(code);
      return [code, isListed ? (code in published ? published[code] : 2) : null];
    });
    expect(codes.map((code) => [code, minorUnitDigits(code)])).toEqual(expected);
    expect(codes.filter((code) => minorUnitDigits(code) !== null)).toHaveLength(167);
  });

  it.each(['gbp', '', 'GBPX', 'constructor', '__proto__'])('of %j is none', (currency) => {
    expect(minorUnitDigits(currency)).toBeNull();
  });
});

function digitsOf<T>(digits: T, codes: string): Record<string, T> {
  return Object.fromEntries(codes.split(' ').map((code) => [code, digits]));
}
