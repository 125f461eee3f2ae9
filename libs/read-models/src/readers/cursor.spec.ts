import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeCursor,
  encodeCursor,
  InvalidCursor,
  type CursorBinding,
  type CursorValueKind,
} from './cursor.js';

const binding: CursorBinding = {
  page: 'orders:-placedAt',
  question: { status: ['placed'], asOf: null },
  kinds: ['time', 'uuid'],
};
const values = ['2026-01-01T10:00:00.000Z', '0b9e7c52-6f0a-4b7e-9c3d-2f1a8d4e6b70'];
const encoded = (content: unknown) => Buffer.from(JSON.stringify(content)).toString('base64url');

describe('a cursor', () => {
  it('gives back where the page ended', () => {
    expect(decodeCursor(binding, encodeCursor(binding, values))).toEqual(values);
  });

  it('holds a total of any size and a text of any letters', () => {
    const total: CursorBinding = { ...binding, kinds: ['text', 'bigint', 'uuid'] };
    fc.assert(
      fc.property(fc.string({ maxLength: 50 }), fc.maxSafeInteger(), (text, bigint) => {
        fc.pre(!text.includes('\0'));
        const mixed = [text, bigint, values[1]!];
        expect(decodeCursor(total, encodeCursor(total, mixed))).toEqual(mixed);
      }),
    );
  });

  it.each([
    ['another page', { ...binding, page: 'orders:placedAt' }],
    ['other filters', { ...binding, question: { status: ['confirmed'], asOf: null } }],
  ])('is refused for %s', (_what, other) => {
    expect(() => decodeCursor(other, encodeCursor(binding, values))).toThrow(InvalidCursor);
  });

  it('is refused with values that no row of ours has', () => {
    const made = (v: unknown) => {
      const own = JSON.parse(Buffer.from(encodeCursor(binding, values), 'base64url').toString()) as object;
      return encoded({ ...own, v });
    };
    expect(decodeCursor(binding, made(values))).toEqual(values);
    const wrong = [
      [],
      values.slice(0, 1),
      [...values, 1],
      ['2026-02-30T10:00:00.000Z', values[1]],
      ['2026-01-01', values[1]],
      [values[0], "0' OR true --"],
      [null, null],
      { length: 2 },
      'text',
    ];
    for (const one of wrong) expect(() => decodeCursor(binding, made(one))).toThrow(InvalidCursor);
  });

  it('is refused with values that PostgreSQL would refuse', () => {
    const refused = (kind: CursorValueKind, value: string | number) => {
      const one: CursorBinding = { ...binding, kinds: [kind] };
      expect(() => decodeCursor(one, encodeCursor(one, [value]))).toThrow(InvalidCursor);
    };
    for (const value of [2 ** 31, -(2 ** 31), Number.MAX_SAFE_INTEGER, 0.5]) refused('integer', value);
    for (const value of [2 ** 53, 0.5]) refused('bigint', value);
    refused('time', '0000-01-01T00:00:00.000Z');
    refused('text', 'NUL\0');
  });

  it('is refused when it is made up, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.json().map(encoded)), (text) => {
        expect(() => decodeCursor(binding, text)).toThrow(InvalidCursor);
      }),
    );
    expect(() => decodeCursor(binding, encoded(null))).toThrow(InvalidCursor);
    expect(() => decodeCursor(binding, 'A'.repeat(2_000))).toThrow(InvalidCursor);
  });
});
