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

  it('never starts a formula where cells are parted at semicolons', () => {
    expect(csvCell('5;=1+1;-2;x=1')).toBe("5;'=1+1;'-2;x=1");
    expect(csvCell(['gift', '@SUM(A1)'])).toBe("gift;'@SUM(A1)");
  });
});
