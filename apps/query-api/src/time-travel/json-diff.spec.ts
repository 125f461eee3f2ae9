import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Causes } from './causes.js';
import { diffJson } from './json-diff.js';

const ids = { lines: 'lineId' };
const changed = (from: unknown, to: unknown) =>
  diffJson(from, to, ids).map(({ place: _place, ...change }) => change);

describe('the difference of two documents', () => {
  it('is each value that differs, by its pointer', () => {
    expect(changed({ a: 1, b: { c: 'x' }, d: 1 }, { a: 1, b: { c: 'y' }, e: null })).toEqual([
      { pointer: '/b/c', op: 'replace', from: 'x', to: 'y' },
      { pointer: '/d', op: 'remove', from: 1 },
      { pointer: '/e', op: 'add', to: null },
    ]);
    expect(changed({ 'a/b~c': 1 }, { 'a/b~c': 2 })).toMatchObject([{ pointer: '/a~1b~0c' }]);
  });

  it('tells the items of a list apart by their id, not by their place', () => {
    const [one, two, three] = ['1', '2', '3'].map((lineId) => ({ lineId, quantity: 1 }));
    expect(changed({ lines: [one, two, three] }, { lines: [one, { ...three, quantity: 5 }] })).toEqual([
      { pointer: '/lines/1/quantity', op: 'replace', from: 1, to: 5 },
      { pointer: '/lines/1', op: 'remove', from: two },
    ]);
  });

  it('takes any other list as one value', () => {
    expect(changed({ tags: ['a'] }, { tags: ['a', 'b'] })).toEqual([
      { pointer: '/tags', op: 'replace', from: ['a'], to: ['a', 'b'] },
    ]);
  });

  it('is nothing between a document and its copy', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(diffJson({ value }, { value: structuredClone(value) }, ids)).toEqual([]);
      }),
    );
  });

  it('leads from one document to the other', () => {
    const flat = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.oneof(fc.integer(), fc.string()));
    fc.assert(
      fc.property(flat, flat, (from, to) => {
        const result: Record<string, unknown> = { ...from };
        for (const { op, place, to: value } of diffJson(from, to, ids)) {
          if (op === 'remove') delete result[place[0]!];
          else result[place[0]!] = value;
        }
        expect(result).toEqual({ ...to });
      }),
    );
  });
});

describe('the causes of a change', () => {
  it('are those of the place itself, of what it is part of and of what is in it', () => {
    const causes = new Causes<number>();
    causes.add(['lines', '1', 'quantity'], 4);
    causes.add(['lines', '2'], 5);
    causes.add(['lines'], 6);
    causes.add(['status'], 7);
    const of = (...place: string[]) => causes.of(place).sort();
    expect(of('lines', '1', 'quantity')).toEqual([4, 6]);
    expect(of('lines', '1')).toEqual([4, 6]);
    expect(of('lines', '2', 'quantity')).toEqual([5, 6]);
    expect(of('lines')).toEqual([4, 5, 6]);
    expect(of('tags')).toEqual([]);
  });
});
