import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { plainWords, joinTexts, placedWords, separateTexts, thatMayHold } from './plain-words.js';

describe('plainWords', () => {
  it.each([
    ['WHITE HANGING HEART T-LIGHT HOLDER', ['white', 'hanging', 'heart', 't', 'light', 'holder']],
    ['Crème brûlée, No. 2', ['creme', 'brulee', 'no', '2']],
    ['Straße Łódź Ærø Œuvre Þór', ['strasse', 'lodz', 'aero', 'oeuvre', 'thor']],
    ['ﬁne ℡ ①', ['fine', 'tel', '1']],
    ['İstanbul ışık', ['istanbul', 'isik']],
    ['Ελλάδα Москва 東京', ['ελλαδα', 'москва', '東京']],
    ['ΑΡΗΣ Αρης', ['αρησ', 'αρησ']],
    ['85123A/71053', ['85123a', '71053']],
    [' ., ', []],
    ['', []],
  ])('%s', (text, words) => {
    expect(plainWords(text)).toEqual(words);
  });

  it('is what it gives: plain words stay as they are', () => {
    const words = plainWords('Ünïcödé ŁÓDŹ ﬁne İstanbul ĳ');
    expect(plainWords(words.join(' '))).toEqual(words);
  });

  it('cuts a word that nobody types, without halving a character', () => {
    expect(plainWords('x'.repeat(500))).toEqual(['x'.repeat(64)]);
    expect(plainWords('𝒳𐐷'.repeat(100))[0]).not.toMatch(/\p{Surrogate}/u);
  });
});

describe('placedWords', () => {
  it('are those of plainWords, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(placedWords(text).map(({ word }) => word)).toEqual(plainWords(text));
      }),
    );
  });

  it('are in no text that thatMayHold drops, and it drops plain texts without them', () => {
    const texts = fc.array(fc.oneof(fc.string(), fc.string({ unit: 'grapheme' })), { maxLength: 8 });
    fc.assert(
      fc.property(texts, (some) => {
        const joined = joinTexts(some);
        const kept = separateTexts(joined);
        for (const [at, text] of some.entries()) {
          for (const { word } of placedWords(text))
            expect(thatMayHold(joined, ['other', word])).toContain(kept[at]);
        }
      }),
    );
    const joined = joinTexts(['', 'RED MUG', 'tea', 'a mug, red', 'mug']);
    expect(thatMayHold(joined, ['mug', 'red'])).toEqual(['RED MUG', 'a mug, red', 'mug']);
  });

  it('are the same in texts that were joined, whatever these hold', () => {
    const texts = fc.array(fc.oneof(fc.string(), fc.constant('a\u007fb')), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(texts, (some) => {
        expect(separateTexts(joinTexts(some)).map(plainWords)).toEqual(some.map(plainWords));
      }),
    );
  });

  it.each([
    ['Crème brûlée!', ['Crème', 'brûlée']],
    ['Creme\u0300 x', ['Creme\u0300', 'x']],
    ['(Straße)', ['Straße']],
    ['a½b', ['a½', '½b']],
    ['𝐀𝐁 c', ['𝐀𝐁', 'c']],
  ])('stand in %s as it was written', (text, written) => {
    expect(placedWords(text).map(({ start, end }) => text.slice(start, end))).toEqual(written);
  });
});
