import { describe, expect, it } from '@jest/globals';
import { sameContent } from './equality.js';

describe('sameContent', () => {
  it.each([
    [{ a: 1, b: [null, 'x'] }, { b: [null, 'x'], a: 1 }, true],
    [{ a: 1 }, { a: 1, b: null }, false],
    [{ a: 1, b: null }, { a: 1 }, false],
    [{ a: null }, { b: null }, false],
    [[1, 2], [2, 1], false],
    [[], {}, false],
    [null, {}, false],
    [{}, null, false],
    ['1', 1, false],
  ])('of %j and %j is %p', (a, b, same) => {
    expect(sameContent(a, b)).toBe(same);
  });
});
