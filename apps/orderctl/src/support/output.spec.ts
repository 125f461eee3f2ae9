import { describe, expect, it } from '@jest/globals';
import { money, withoutCredentials } from './output.js';

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

describe('a connection string without credentials', () => {
  it.each([
    ['esdb://admin:changeit@host:2113', 'esdb://host:2113'],
    ['esdb+discover://admin:c?h/g@a:1,b:2?tls=false', 'esdb+discover://a:1,b:2?tls=false'],
    ['esdb://127.0.0.1:2113?tls=false', 'esdb://127.0.0.1:2113?tls=false'],
  ])('of %s is %s', (url, shown) => {
    expect(withoutCredentials(url)).toBe(shown);
  });
});
