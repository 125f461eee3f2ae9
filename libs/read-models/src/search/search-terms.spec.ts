import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { splits } from './postgres-order-search.js';
import { searchWords, tsqueryOf, type SearchTerm } from './search-terms.js';
import { toleratedDistance, wordDistance } from './word-distance.js';

const term = (word: string, more: Partial<SearchTerm> = {}): SearchTerm => ({
  word,
  prefix: false,
  inNames: false,
  similar: [],
  ...more,
});

describe('the words searched for', () => {
  it('are each there once, the unfinished one last', () => {
    expect(searchWords('Red  red bag Crème re')).toEqual(['red', 'bag', 'creme', 're']);
    expect(searchWords('bag red bag')).toEqual(['red', 'bag']);
    expect(searchWords(' &! ')).toEqual([]);
    expect(searchWords(Array.from({ length: 40 }, (_, n) => `w${n}`).join(' '))).toHaveLength(16);
  });

  it('become a query that all of them must match, each by itself or by what resembles it', () => {
    const terms = [
      term('red'),
      term('ligth', { similar: ['light', 'lights'] }),
      term('ba', { prefix: true }),
    ];
    expect(tsqueryOf(terms)).toBe(`('red') & ('ligth' | 'light' | 'lights') & ('ba':*)`);
  });

  it('cannot break out of the query, whatever is typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        for (const word of searchWords(text)) expect(word).toMatch(/^[\p{L}\p{N}]+$/u);
      }),
    );
  });
});

describe('the ways to spread words over an order and a person', () => {
  it('are one where no word is a name', () => {
    const terms = [term('red'), term('mug')];
    expect(splits(terms)).toEqual([{ ofWords: terms, ofNames: [] }]);
  });

  it('are two for each word that is a name', () => {
    const [mug, smith] = [term('mug'), term('smith', { inNames: true })];
    expect(splits([mug, smith])).toEqual([
      { ofWords: [mug, smith], ofNames: [] },
      { ofWords: [mug], ofNames: [smith] },
    ]);
  });

  it('stay few however many words are names', () => {
    const names = ['a', 'b', 'c', 'd', 'e'].map((word) => term(word, { inNames: true }));
    expect(splits(names)).toHaveLength(2);
    expect(splits([...names, term('mug')])).toHaveLength(1);
  });
});

describe('the distance of two words', () => {
  it.each([
    ['heart', 'heart', 0],
    ['hart', 'heart', 1],
    ['haert', 'heart', 1],
    ['retrosopt', 'retrospot', 1],
    ['lihgt', 'lights', 2],
    ['mug', 'bag', 2],
    ['heart', 'holder', 3],
    ['a', 'abcdef', 3],
  ])('of %s and %s is %i', (a, b, distance) => {
    expect(wordDistance(a, b, 2)).toBe(distance);
  });

  it('is the same both ways', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });
    fc.assert(fc.property(word, word, (a, b) => wordDistance(a, b, 6) === wordDistance(b, a, 6)));
  });

  it('is tolerated less in short words, and not at all in numbers', () => {
    expect(['ab', 'mug', 'heart', 'hearts', '85123a'].map(toleratedDistance)).toEqual([0, 1, 1, 2, 0]);
  });
});
