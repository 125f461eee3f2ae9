import { describe, expect, it } from '@jest/globals';
import { money, printable, table, withoutCredentials } from './output.js';

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

describe('text that somebody else wrote', () => {
  it.each([
    ['A-1\n  status      completed', 'A-1\\n  status      completed'],
    ['a\rb\tc\u2028d', 'a\\rb\\tc\\u2028d'],
    ['\u001b[2J\u009b1m\u007f', '\\u001b[2J\\u009b1m\\u007f'],
    ['1 \u202egpj.exe', '1 \\u202egpj.exe'],
    ['Zoë “Ada” Müller, 東京 👩‍👩‍👧', 'Zoë “Ada” Müller, 東京 👩‍👩‍👧'],
  ])('%j is printed as %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('cannot leave its cell of a table', () => {
    expect(
      table([
        ['a\nb', 'c'],
        ['d', '\u001b[1m'],
      ]),
    ).toBe('a\\nb  c\nd     \\u001b[1m');
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
