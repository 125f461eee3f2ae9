import { describe, expect, it } from '@jest/globals';
import { wholeNumber } from './whole-number.js';

describe('a whole number on the command line', () => {
  it('is read within its range', () => {
    const read = wholeNumber(1, 1_000);
    expect(['1', '007', '1000'].map(read)).toEqual([1, 7, 1_000]);
  });

  it('is refused with the range that is needed', () => {
    for (const text of ['', '0', '1001', '00007', '-1', '1.5', '1e2', ' 1', 'one'])
      expect(() => wholeNumber(1, 1_000)(text)).toThrow('a whole number from 1 to 1000 is needed');
    expect(() => wholeNumber(2)('1')).toThrow('a whole number from 2 is needed');
  });

  it('is refused in the words of what it counts', () => {
    expect(() => wholeNumber(0, 9, (text) => `${text} is no digit`)('10')).toThrow('10 is no digit');
  });
});
