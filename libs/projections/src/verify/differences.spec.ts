import { describe, expect, it } from '@jest/globals';
import { differencesBetween, shown } from './differences.js';

describe('differencesBetween', () => {
  it.each([
    [{ a: 1 }, { a: 1 }, []],
    [{ a: 1, b: undefined }, { a: 1 }, []],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, []],
    [{ a: null }, {}, ['a']],
    [{ lines: [{ q: 1 }, { q: 2 }] }, { lines: [{ q: 1 }, { q: 3 }] }, ['lines[1].q']],
    [{ tags: ['a'] }, { tags: ['a', 'b'] }, ['tags[1]']],
    [{ a: [] }, { a: {} }, ['a']],
    ['x', 'y', ['']],
  ])('%j and %j', (expected, actual, paths) => {
    expect(differencesBetween(expected, actual).map(({ path }) => path)).toEqual(paths);
  });

  it('says by a few paths that everything is wrong', () => {
    const many = Array.from({ length: 2_000 }, (_, index) => index);
    expect(differencesBetween(many, [])).toHaveLength(20);
  });
});

describe('shown', () => {
  it('cuts a long value and marks the cut', () => {
    expect(shown('x'.repeat(1_000))).toBe(`"${'x'.repeat(119)}…`);
  });

  it('is null for a value that is not there', () => {
    expect(shown(undefined)).toBeNull();
  });
});
