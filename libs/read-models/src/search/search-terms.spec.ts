import { describe, expect, it } from '@jest/globals';
import { tsqueryOf } from './postgres-terms.js';
import { closest, splits, toleratedDistances, type SearchTerm } from './search-terms.js';

const term = (word: string, more: Partial<SearchTerm> = {}): SearchTerm => ({
  word,
  prefix: false,
  known: true,
  inNames: false,
  similar: [],
  ...more,
});

describe('terms', () => {
  it('may be misspelt in the first sixteen words of a text alone: each costs a look-up', () => {
    const tolerated = toleratedDistances(Array.from({ length: 20 }, () => 'heart'));
    expect(tolerated).toEqual([...Array.from({ length: 16 }, () => 1), 0, 0, 0, 0]);
  });

  it('become a query that all of them must match, each by itself or by what resembles it', () => {
    const terms = [
      term('red'),
      term('ligth', { similar: ['light', 'lights'] }),
      term('ba', { prefix: true }),
    ];
    expect(tsqueryOf(terms)).toBe(`('red') & ('ligth' | 'light' | 'lights') & ('ba':*)`);
  });

  it('stand for the closest of the words that resemble them, the same ones whatever order those come in', () => {
    const words = ['heart', 'hearts', 'heard', 'hear', 'earth', 'hoard', 'hart', 'chart', 'holder', 'mug'];
    expect(closest('haert', words)).toEqual(['hart', 'heart']);
    expect(closest('heatr', words)).toEqual(closest('heatr', words.reverse()));
    expect(closest('85123b', ['85123a'])).toEqual([]);
    expect(
      closest(
        'aaaaaa',
        Array.from({ length: 20 }, (_, n) => `aaaaaa${String.fromCharCode(97 + n)}`),
      ),
    ).toHaveLength(8);
  });
});

describe('the ways to spread words over an order and a person', () => {
  it('are one where no word is a name', () => {
    const terms = [term('red'), term('mug')];
    expect(splits(terms)).toEqual([{ ofWords: terms, ofNames: [], ofEither: [] }]);
  });

  it('are two for each word that is a name', () => {
    const [mug, smith] = [term('mug'), term('smith', { inNames: true })];
    expect(splits([mug, smith])).toEqual([
      { ofWords: [mug, smith], ofNames: [], ofEither: [] },
      { ofWords: [mug], ofNames: [smith], ofEither: [] },
    ]);
  });

  it('are one, of either for each, where many words are names', () => {
    const names = ['a', 'b', 'c', 'd', 'e'].map((word) => term(word, { inNames: true }));
    expect(splits(names.slice(0, 3))).toHaveLength(8);
    const mug = term('mug');
    expect(splits([...names, mug])).toEqual([{ ofWords: [mug], ofNames: [], ofEither: names }]);
  });
});
