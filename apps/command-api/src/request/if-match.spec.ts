import { describe, expect, it } from '@jest/globals';
import { etagOf } from '#platform/http/etag.js';
import { ifMatchOf } from './if-match.js';

describe('If-Match', () => {
  it('is a revision in quotes, any revision, or absent', () => {
    expect(ifMatchOf('"0"')).toBe(0);
    expect(ifMatchOf(etagOf(12))).toBe(12);
    expect(ifMatchOf('*')).toBe('any');
    expect(ifMatchOf(undefined)).toBeNull();
  });

  it.each(['', '12', '"a"', '"01"', '"-1"', '"1.5"', 'W/"1"', '"1", "2"', '"1234567890123456"'])(
    'refuses %s',
    (header) => {
      expect(() => ifMatchOf(header)).toThrow('malformed_request');
    },
  );
});
