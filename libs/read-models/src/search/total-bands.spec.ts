import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bandEdgesMinor, compareTotalBands, totalBandOf } from './total-bands.js';

describe('the band of a total', () => {
  it.each([
    ['GBP', 0, 'GBP 0-10'],
    ['GBP', 999, 'GBP 0-10'],
    ['GBP', 1_000, 'GBP 10-20'],
    ['GBP', 999_999, 'GBP 5000-10000'],
    ['GBP', 1_000_000, 'GBP 10000+'],
    ['GBP', Number.MAX_SAFE_INTEGER, 'GBP 10000+'],
    ['JPY', 999, 'JPY 500-1000'],
    ['KWD', 10_000, 'KWD 10-20'],
  ])('of %s %i', (currency, totalMinor, band) => {
    expect(totalBandOf(currency, totalMinor)).toBe(band);
  });

  it('comes after those of smaller totals of its currency', () => {
    const bands = ['GBP 10000+', 'EUR 100-200', 'GBP 50-100', 'GBP 100-200', 'EUR 0-10'];
    expect(bands.sort(compareTotalBands)).toEqual([
      'EUR 0-10',
      'EUR 100-200',
      'GBP 50-100',
      'GBP 100-200',
      'GBP 10000+',
    ]);
  });

  it('changes at an edge only, in every currency', () => {
    fc.assert(
      fc.property(fc.constantFrom('GBP', 'JPY', 'KWD'), fc.nat(2_000_000_000), (currency, totalMinor) => {
        const edge = bandEdgesMinor.findLast((minor) => minor <= totalMinor)!;
        expect(totalBandOf(currency, edge)).toBe(totalBandOf(currency, totalMinor));
      }),
    );
  });
});
