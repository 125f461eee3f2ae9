import { describe, expect, it } from '@jest/globals';
import { etagOf } from '#platform/http/etag.js';
import { isKnown } from './if-none-match.js';

describe('an entity tag', () => {
  it('is the revision in quotes', () => {
    expect(etagOf(0)).toBe('"0"');
  });

  it.each([
    ['"4"', true],
    ['W/"4"', true],
    ['"3", W/"4"', true],
    ['*', true],
    ['"3"', false],
    ['4', false],
    ['', false],
    [undefined, false],
  ])('of revision 4 is known to who sends %s: %s', (header, known) => {
    expect(isKnown(header, 4)).toBe(known);
  });
});
