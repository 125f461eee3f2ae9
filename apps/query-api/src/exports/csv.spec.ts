import { describe, expect, it } from '@jest/globals';
import { csvCell } from './csv.js';

describe('a cell of an export', () => {
  it.each([
    [null, ''],
    ['', ''],
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines', '"two\nlines"'],
    [true, 'true'],
    [-500, '-500'],
    [['gift', 'rush'], 'gift;rush'],
  ])('%j is %s', (value, cell) => {
    expect(csvCell(value)).toBe(cell);
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '=cmd|"x",1'])(
    'never starts a formula: %j',
    (text) => {
      expect(csvCell(text).replace(/^"/, '')).toMatch(/^'/);
      expect(csvCell([text])).toBe(csvCell(text));
    },
  );
});
