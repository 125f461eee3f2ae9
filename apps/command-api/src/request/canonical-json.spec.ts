import { describe, expect, it } from '@jest/globals';
import { canonicalJson } from './canonical-json.js';

describe('canonical JSON', () => {
  it('does not depend on the order of keys', () => {
    expect(canonicalJson({ b: 1, a: { d: 'x', c: true } })).toBe('{"a":{"c":true,"d":"x"},"b":1}');
  });

  it('keeps the order of lists and writes text as JSON does', () => {
    expect(canonicalJson({ list: [2, 1, 'é"\n'] })).toBe('{"list":[2,1,"é\\"\\n"]}');
  });

  it('reads what is absent, null or empty as one and the same', () => {
    expect(canonicalJson({ a: null, b: undefined, c: [], d: {}, e: { f: null }, g: 0, h: '' })).toBe(
      '{"g":0,"h":""}',
    );
  });

  it('reads instances of a class as what they hold', () => {
    class Body {
      constructor(
        readonly b: number,
        readonly a: string | null,
      ) {}
    }
    expect(canonicalJson([new Body(1, null), new Body(2, 'x')])).toBe('[{"b":1},{"a":"x","b":2}]');
  });

  it('takes any name for a key', () => {
    expect(canonicalJson({ toString: 'x', constructor: 'y' })).toBe('{"constructor":"y","toString":"x"}');
  });

  it('keeps empty members of a list, which have a place', () => {
    expect(canonicalJson([{}, null, []])).toBe('[{},null,[]]');
  });
});
