import { describe, expect, it } from '@jest/globals';
import { money } from './output.js';

describe('money', () => {
  it.each([
    [123_450, 'GBP', '1,234.50 GBP'],
    [-5, 'GBP', '-0.05 GBP'],
    [0, 'GBP', '0.00 GBP'],
    [1_234, 'JPY', '1,234 JPY'],
    [1_234, 'BHD', '1.234 BHD'],
    [7, 'CLF', '0.0007 CLF'],
    // Beyond 2^46 a double has no place for a hundredth.
    [9_007_199_254_740_991, 'GBP', '90,071,992,547,409.91 GBP'],
    [9_007_199_254_740_990, 'GBP', '90,071,992,547,409.90 GBP'],
  ])('of %i is %s: %s', (minor, currency, text) => {
    expect(money(minor, currency)).toBe(text);
  });
});
