import { describe, expect, it } from '@jest/globals';
import { instantOf } from './instant.js';

describe('instantOf', () => {
  it.each([
    ['2026-11-22T18:00:00Z', '2026-11-22T18:00:00.000Z'],
    ['2026-11-22t18:00:00z', '2026-11-22T18:00:00.000Z'],
    ['2026-11-22T18:00:00.1239+02:00', '2026-11-22T16:00:00.123Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ])('reads %s', (text, instant) => {
    expect(instantOf(text)).toBe(instant);
  });

  it.each([
    '2026-11-22T18:00:00', // no offset
    '2026-11-22',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-01T25:00:00Z',
    '9999-12-31T23:59:59-01:00', // the year 10000 in UTC
    '0000-01-01T00:00:00+01:00',
    'yesterday',
    '',
  ])('refuses %p', (text) => {
    expect(instantOf(text)).toBeNull();
  });
});
