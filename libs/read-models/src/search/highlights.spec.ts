import { describe, expect, it } from '@jest/globals';
import { highlightsOf, seeksTexts, soughtOf, type AskedTexts } from './highlights.js';
import { joinTexts } from '../plain-words.js';
import type { TextsByField } from './order-texts.js';
import type { SearchTerm } from './search-terms.js';
import { searchTextOf } from './search-text.js';

const nothing: AskedTexts = { sku: null, skuPrefix: null, numberPrefix: null, referencePrefix: null };
const texts: TextsByField = {
  number: '7K3MQ-2XH9D',
  lineName: joinTexts(['Crème brûlée dish, dish of crème', 'Party bunting']),
  sku: joinTexts(['85123A', '85123AB']),
};

function marked(text: string | null, asked: Partial<AskedTexts> = {}, similar: string[] = []) {
  const sought = searchTextOf(text);
  const terms = sought.words.map((word, index): SearchTerm => {
    const prefix = sought.unfinished && index === sought.words.length - 1;
    return { word, prefix, known: similar.length === 0, inNames: false, similar };
  });
  return highlightsOf(texts, soughtOf({ ...nothing, ...asked }, sought, terms)).map(
    ({ text: found, ranges }) => ranges.map(([start, end]) => found.slice(start, end)),
  );
}

describe('highlights', () => {
  it('show words as the order has them, also one that was only begun', () => {
    expect(marked('creme dis')).toEqual([['Crème', 'dish', 'dish', 'crème']]);
  });

  it('show what a misspelt word stood for', () => {
    expect(marked('buntng', {}, ['bunting'])).toEqual([['bunting']]);
  });

  it('show a phrase where its words stand side by side, and nowhere else', () => {
    expect(marked('"creme brulee dish"')).toEqual([['Crème brûlée dish']]);
    expect(marked('"dish of"')).toEqual([['dish of']]);
    expect(marked('"dish dish" "dish creme"')).toEqual([['dish, dish']]);
  });

  it('show a SKU whole or begun, and the beginning of a number', () => {
    expect(marked(null, { sku: '85123A' })).toEqual([['85123A']]);
    expect(marked(null, { skuPrefix: '85123' })).toEqual([['85123'], ['85123']]);
    expect(marked(null, { numberPrefix: '7K3MQ-2' })).toEqual([['7K3MQ-2']]);
  });

  it('are ten at most', () => {
    const many = Array.from({ length: 20 }, (_, n) => `tag ${n}`);
    const sought = soughtOf(nothing, searchTextOf('"tag"'), []);
    expect(highlightsOf({ tag: joinTexts(many) }, sought)).toHaveLength(10);
  });

  it('need no texts where nothing is sought', () => {
    expect(seeksTexts(soughtOf(nothing, searchTextOf(' & '), []))).toBe(false);
    expect(seeksTexts(soughtOf(nothing, searchTextOf('"a b"'), []))).toBe(true);
  });
});
