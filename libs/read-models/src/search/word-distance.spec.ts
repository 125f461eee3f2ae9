import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { resembles, toleratedDistance, wordDistance } from './word-distance.js';

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

describe('a word resembles another', () => {
  it.each([
    ['retrosopt', 'retrospot', true],
    ['mgu', 'mug', true],
    ['mgu', 'ugu', false],
    ['wharts', 'hearts', false],
    ['haerts', 'hearts', true],
    ['hearts', 'mug', false],
    ['85124a', '85123a', false],
  ])('%s and %s: %s', (word, candidate, expected) => {
    expect(resembles(word, candidate)).toBe(expected);
  });
});
