import { describe, expect, it } from '@jest/globals';
import { counted } from './counted.js';

describe('a number of things in words', () => {
  it('has one of them in the singular, and every other number in the plural', () => {
    expect([0, 1, 2, 1_234].map((value) => counted(value, 'order'))).toEqual([
      '0 orders',
      '1 order',
      '2 orders',
      '1,234 orders',
    ]);
  });

  it('takes the plural that it is given', () => {
    expect(counted(1, 'order is parked', 'orders are parked')).toBe('1 order is parked');
    expect(counted(2, 'order is parked', 'orders are parked')).toBe('2 orders are parked');
  });
});
