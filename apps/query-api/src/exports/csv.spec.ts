import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { csvCell } from './csv.js';

/** The tags of a cell, read as the API describes it. */
function tagsIn(cell: string): string[] {
  const text = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
  if (text === '') return [];
  const parts = text.match(/(?:^|;)(?:\\.|[^\\;])*/gs)!;
  return parts.map((part) => part.replace(/^;/, '').replace(/\\(.)/gs, '$1'));
}

describe('a cell of an export', () => {
  it.each([
    [null, ''],
    ['', ''],
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines', '"two\nlines"'],
    ['a\r\n\r\nb', '"a\r\n\r\nb"'],
    [true, 'true'],
    [-500, '-500'],
    [[], ''],
    [['gift', 'rush'], 'gift;rush'],
    [['x;y'], 'x\\;y'],
    [['x\\', 'y'], 'x\\\\;y'],
  ])('%j is %s', (value, cell) => {
    expect(csvCell(value)).toBe(cell);
  });

  it('tells tags apart, whatever is in them', () => {
    const tag = fc.string({ unit: fc.constantFrom(...'xy;\\", \n'), minLength: 1 });
    // What would start a formula gets an apostrophe.
    const plain = tag.filter((text) => !/(^|;)"*\n/.test(text));
    fc.assert(fc.property(fc.array(plain), (tags) => expect(tagsIn(csvCell(tags))).toEqual(tags)));
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
    expect(csvCell(['gift;@SUM(A1)'])).toBe("gift\\;'@SUM(A1)");
    // There, quotes in the middle of a line neither hold a line break nor hide what follows them.
    expect(csvCell('x;"=1+1;y')).toBe(`"x;'""=1+1;y"`);
    expect(csvCell('a\n=1+1;y')).toBe(`"a\n'=1+1;y"`);
    expect(csvCell('"=1')).toBe(`"'""=1"`);
  });
});
