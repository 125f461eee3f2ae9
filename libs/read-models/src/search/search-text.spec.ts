import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { searchTextOf } from './search-text.js';

const wordsOf = (text: string) => searchTextOf(text).words;

describe('the words searched for', () => {
  it('are each there once, the unfinished one last', () => {
    expect(wordsOf('Red  red bag Crème re')).toEqual(['red', 'bag', 'creme', 're']);
    expect(wordsOf('bag red bag')).toEqual(['red', 'bag']);
    expect(wordsOf(' &! ')).toEqual([]);
    expect(searchTextOf(null)).toMatchObject({ words: [], phrases: [] });
    expect(wordsOf(Array.from({ length: 40 }, (_, n) => `w${n}`).join(' '))).toHaveLength(40);
  });

  it('cannot break out of the query, whatever is typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const { words, phrases } = searchTextOf(text);
        for (const word of [...words, ...phrases.flat()]) expect(word).toMatch(/^[\p{L}\p{N}]+$/u);
      }),
    );
  });
});

describe('a text without words', () => {
  it.each(['🧡', '%', '*', '"', '""', '(((', ' &! '])('%s is wordless', (text) => {
    expect(searchTextOf(text)).toEqual({ words: [], unfinished: true, phrases: [], wordless: true });
  });

  it.each([null, '  ', 'heart 🧡', '"heart" %'])('%j is not', (text) => {
    expect(searchTextOf(text).wordless).toBe(false);
  });
});

describe('what stands in quotes', () => {
  it.each([
    ['"Party Bunting"', { words: [], phrases: [['party', 'bunting']] }],
    [
      'red "t-light holder" ba',
      { words: ['red', 'ba'], phrases: [['t', 'light', 'holder']], unfinished: true },
    ],
    ['red “t light”', { words: ['red'], phrases: [['t', 'light']], unfinished: false }],
    [
      '"a b" "c d"',
      {
        words: [],
        phrases: [
          ['a', 'b'],
          ['c', 'd'],
        ],
      },
    ],
    ['red "party bun', { words: ['red', 'party', 'bun'], phrases: [], unfinished: true }],
    ['red ""', { words: ['red'], phrases: [], unfinished: true }],
    ['17" tray', { words: ['17', 'tray'], phrases: [], unfinished: true }],
  ])('of %s', (text, expected) => {
    expect(searchTextOf(text)).toMatchObject(expected);
  });
});
