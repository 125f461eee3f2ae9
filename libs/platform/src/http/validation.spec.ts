import { describe, expect, it } from '@jest/globals';
import { IsEmail } from 'class-validator';
import fc from 'fast-check';
import { ProblemError } from '../problems/problems.js';
import { explain } from './explain.js';
import {
  BasisPoints,
  CountryCode,
  CurrencyCode,
  DateTime,
  Flag,
  MinorUnits,
  OneOf,
  OptionalText,
  Quantity,
  Text,
  Uuid,
} from './fields.js';
import { ListOf, ListOfKinds, NestedObject, ObjectOfKinds, TextList, TextMap } from './list-fields.js';
import { validated } from './validation.js';

class AddDto {
  @OneOf(['add']) kind!: 'add';
  @Text({ max: 5, pattern: { regex: /^[A-Z]+$/, means: 'capital letters' } }) sku!: string;
}

class RemoveDto {
  @OneOf(['remove']) kind!: 'remove';
  @Uuid() lineId!: string;
}

class PlaceDto {
  @CountryCode() country!: string | null;
}

class AllDto {
  @Text({ max: 5 }) text!: string;
  @OptionalText({ max: 5 }) note!: string | null;
  @MinorUnits({ min: -5, max: 5 }) amountMinor!: number;
  @Quantity() quantity!: number;
  @BasisPoints() rate!: number;
  @Flag({ otherwise: true }) inclusive!: boolean;
  @CurrencyCode() currency!: string;
  @Uuid() id!: string;
  @DateTime() at!: string;
  @NestedObject(PlaceDto) place!: PlaceDto;
  @NestedObject(PlaceDto, { optional: true }) secondPlace!: PlaceDto | null;
  @ListOf(PlaceDto, { max: 2 }) places!: PlaceDto[];
  @ListOfKinds('kind', { add: AddDto, remove: RemoveDto }, { min: 1, max: 3 }) edits!: (AddDto | RemoveDto)[];
  @ObjectOfKinds('kind', { add: AddDto, remove: RemoveDto }) edit!: AddDto | RemoveDto;
  @TextList({ max: 2, itemMax: 5, oneOf: ['a', 'b'], optional: true }) tags!: string[] | null;
  @TextMap({ maxEntries: 2, keyMax: 3, valueMax: 3, optional: true }) attributes!: Record<
    string,
    string
  > | null;
}

const id = '0192f0c1-2d3e-7f4a-8b5c-6d7e8f9a0b1c';
const good = {
  text: 'héé😀',
  amountMinor: -5,
  quantity: 1,
  rate: 2_000,
  currency: 'EUR',
  id,
  at: '2026-03-01T00:30:00.5+01:00',
  place: { country: 'DE' },
  places: [{ country: null }, {}],
  edits: [
    { kind: 'add', sku: 'MUG' },
    { kind: 'remove', lineId: id },
  ],
  edit: { kind: 'remove', lineId: id },
};

function refusals(change: Record<string, unknown>): string[] {
  try {
    validated(AllDto, { ...good, ...change }, 'json');
    return [];
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return error.errors.map(({ pointer, code }) => `${pointer} ${code}`);
  }
}

describe('good input', () => {
  it('becomes instances of its classes, every field in its one form', () => {
    const seen = validated(AllDto, { ...good, id: id.toUpperCase(), amountMinor: -0 }, 'json');
    expect(seen).toBeInstanceOf(AllDto);
    expect(seen.place).toBeInstanceOf(PlaceDto);
    expect(seen.edits.map((edit) => edit.constructor)).toEqual([AddDto, RemoveDto]);
    expect(seen.edit).toBeInstanceOf(RemoveDto);
    expect({ ...seen }).toEqual({
      ...good,
      amountMinor: 0,
      note: null,
      inclusive: true,
      at: '2026-02-28T23:30:00.500Z',
      secondPlace: null,
      places: [{ country: null }, { country: null }],
      tags: null,
      attributes: null,
    });
  });
});

describe('bad input', () => {
  it.each<[Record<string, unknown>, string]>([
    [{ text: undefined }, '/text required'],
    [{ text: null }, '/text required'],
    [{ text: '' }, '/text too_short'],
    [{ text: 'abcdef' }, '/text too_long'],
    [{ text: 'a\0' }, '/text invalid_characters'],
    [{ text: '\udc00' }, '/text invalid_characters'],
    [{ text: ['a'] }, '/text not_text'],
    [{ note: 5 }, '/note not_text'],
    [{ amountMinor: 6 }, '/amountMinor out_of_range'],
    [{ amountMinor: 1.5 }, '/amountMinor not_an_integer'],
    [{ amountMinor: '5' }, '/amountMinor not_an_integer'],
    [{ amountMinor: 2 ** 53 }, '/amountMinor out_of_range'],
    [{ amountMinor: -1e300 }, '/amountMinor out_of_range'],
    [{ quantity: 0 }, '/quantity out_of_range'],
    [{ rate: -1 }, '/rate out_of_range'],
    [{ inclusive: 'true' }, '/inclusive not_a_flag'],
    [{ currency: 'eur' }, '/currency not_a_currency'],
    [{ id: `${id}0` }, '/id not_a_uuid'],
    [{ at: '2026-02-29T00:00:00Z' }, '/at not_a_date_time'],
    [{ at: '2026-02-28T00:00:00' }, '/at not_a_date_time'],
    [{ at: '2026-02-28' }, '/at not_a_date_time'],
    [{ at: '2026-02-28T24:00:00Z' }, '/at not_a_date_time'],
    [{ at: '2026-02-28T23:59:60Z' }, '/at not_a_date_time'],
    [{ at: '2026-02-28T10:00:00+25:00' }, '/at not_a_date_time'],
    [{ at: 1_767_225_600 }, '/at not_a_date_time'],
    [{ at: '1969-12-31T23:59:59Z' }, '/at out_of_range'],
    [{ at: '1970-01-01T00:59:59+01:00' }, '/at out_of_range'],
    [{ at: '9999-12-31T00:00:00Z' }, '/at out_of_range'],
    [{ at: '9999-12-31T23:59:59-01:00' }, '/at out_of_range'],
    [{ at: '0000-02-29T00:00:00+01:00' }, '/at out_of_range'],
    [{ at: '9999-02-29T00:00:00Z' }, '/at not_a_date_time'],
    [{ at: '9999-12-31T23:59:59+25:00' }, '/at not_a_date_time'],
    [{ at: '2026-02-28T10:00:00 01:00' }, '/at not_a_date_time'],
    [{ place: null }, '/place required'],
    [{ place: [] }, '/place not_an_object'],
    [{ place: { country: 'XX' } }, '/place/country not_a_country'],
    [{ places: {} }, '/places not_a_list'],
    [{ places: [{}, {}, {}] }, '/places too_many_items'],
    [{ places: [{}, null] }, '/places/1 not_an_object'],
    [{ places: [{}, { country: 'de' }] }, '/places/1/country not_a_country'],
    [{ edits: [] }, '/edits too_few_items'],
    [{ edits: [{ kind: 'toString' }] }, '/edits/0/kind unknown_kind'],
    [{ edits: [{ kind: 'add', sku: 'mug' }] }, '/edits/0/sku wrong_format'],
    [{ edit: { lineId: id } }, '/edit/kind unknown_kind'],
    [{ tags: ['a', 'b', 'a'] }, '/tags too_many_items'],
    [{ tags: ['c'] }, '/tags/0 not_allowed'],
    [{ attributes: { a: 'b', c: 'd', e: 'f' } }, '/attributes too_many_items'],
    [{ attributes: { a: 5 } }, '/attributes/a not_text'],
    [{ attributes: { long: 'b' } }, '/attributes/long too_long'],
    [{ attributes: { $target: 'b' } }, '/attributes/$target too_long'],
    [{ attributes: { 'a/~': 5 } }, '/attributes/a~1~0 not_text'],
    [{ constructor: 1 }, '/constructor unknown_field'],
    [{ edit: { kind: null, constructor: null } }, '/edit/kind unknown_kind'],
    [{ edits: [{ kind: 'toString', constructor: 5 }] }, '/edits/0/kind unknown_kind'],
    [{ place: [{ constructor: null }] }, '/place not_an_object'],
  ])('%j is refused as %s', (change, refusal) => expect(refusals(change)).toEqual([refusal]));

  it('is told at most fifty times', () => {
    const many = Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`x${index}`, 1]));
    expect(refusals(many)).toHaveLength(50);
  });

  it.each(['places', 'edits'])(
    'of a list that is far too long is refused without a look at its items: %s',
    (name) => {
      let looks = 0;
      const counted = () => void (looks += 1);
      const item = new Proxy(
        {},
        { get: counted, has: () => !++looks, getPrototypeOf: () => (counted(), null) },
      );
      expect(refusals({ [name]: Array(1_000).fill(item) })).toEqual([`/${name} too_many_items`]);
      expect(looks).toBe(0);
      expect(refusals({ [name]: Array(1_000).fill(1) })).toEqual([`/${name} too_many_items`]);
    },
  );

  it.each(['place', 'places', 'edits', 'edit'])('of lists in lists without end is refused: %s', (name) => {
    const deep: unknown = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000));
    expect(refusals({ [name]: deep })).toHaveLength(1);
    expect(refusals({ [name]: { country: deep, kind: 'add', sku: deep } }).length).toBeGreaterThan(0);
    expect(refusals({ [name]: [{ country: deep, kind: 'add', sku: deep }] }).length).toBeGreaterThan(0);
  });

  it('of whatever kind is either accepted or told what is wrong, and never both', () => {
    const key = fc.constantFrom(
      ...Object.keys(good),
      'tags',
      'attributes',
      'unknown',
      '__proto__',
      'constructor',
    );
    const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(...Object.values(good)));
    fc.assert(
      fc.property(fc.dictionary(key, value), (change) => {
        const input: unknown = JSON.parse(JSON.stringify({ ...good, ...change }));
        try {
          expect(validated(AllDto, input, 'json')).toBeInstanceOf(AllDto);
        } catch (error) {
          if (!(error instanceof ProblemError)) throw error;
          expect([error.code, error.errors.length > 0]).toEqual(['validation_failed', true]);
        }
      }),
    );
  });
});

describe('a query', () => {
  class QueryDto {
    @TextList({ max: 3, itemMax: 9, optional: true }) status!: string[] | null;
    @Quantity({ max: 100, otherwise: 20 }) limit!: number;
    @Flag({ otherwise: false }) deep!: boolean;
  }
  const read = (query: string) => ({
    ...validated(QueryDto, Object.fromEntries(new URLSearchParams(query)), 'text'),
  });

  it('is read from its texts', () => {
    expect(read('status=a,b&limit=5&deep=true')).toEqual({ status: ['a', 'b'], limit: 5, deep: true });
    expect(validated(QueryDto, { status: ['a', 'b'] }, 'text').status).toEqual(['a', 'b']);
    expect(read('')).toEqual({ status: null, limit: 20, deep: false });
  });

  it.each([
    'limit=5x',
    'limit=',
    'limit=1e1',
    'limit=99999999999999999999',
    'deep=yes',
    'status=',
    'status=a,,b',
  ])('is refused: %s', (query) => expect(() => read(query)).toThrow(ProblemError));
});

describe('a text that is refused', () => {
  class WordsDto {
    @Text({ max: 1 }) letter!: string;
    @Text({ min: 2, max: 3 }) word!: string;
    @TextList({ max: 1, itemMax: 2, pattern: { regex: /^[A-Z]+$/, means: 'capital letters' } })
    codes!: string[];
  }
  const messages = (input: object) => explain(WordsDto, input).map(({ message }) => message);

  it('is told so in words', () => {
    expect(messages({ letter: '', word: 'a', codes: ['x'] })).toEqual([
      'must not be empty',
      'must have at least 2 characters',
      'must be capital letters',
    ]);
    expect(messages({ letter: 'ab', word: 'abcd', codes: ['X', 'Y'] })).toEqual([
      'must have at most 1 character',
      'must have at most 3 characters',
      'must have at most 1 item',
    ]);
  });
});

describe('a number that is refused', () => {
  class CountDto {
    @Quantity() count!: number;
  }
  const told = { pointer: '/count', code: 'out_of_range', message: 'must be from 1 to 1000000' };

  it.each(['9007199254740993', '99999999999999999999999', '1E400', '-1E400'])(
    'is told the range, however large: %s',
    (number) => expect(explain(CountDto, JSON.parse(`{"count":${number}}`))).toEqual([told]),
  );

  it.each(['99999999999999999999', '-99999999999999999999', '9'.repeat(400)])(
    'is told the range in a query, too: %s',
    (count) =>
      expect(() => validated(CountDto, { count }, 'text')).toThrow(
        expect.objectContaining({ errors: [told] }),
      ),
  );
});

describe('a time that is refused', () => {
  const messageOf = (at: string) => explain(AllDto, { ...good, at })[0]!.message;

  it('is told the range, where it is a time', () => {
    expect(messageOf('1969-12-31T23:59:59Z')).toBe('must be from 1970-01-01 to 9999-12-30, in UTC');
  });

  it('is told how to write a + in a query, where it has a blank', () => {
    expect(messageOf('2026-11-30T03:44:00 00:00')).toBe(
      'must be a date and time with an offset, such as 2026-03-01T12:00:00Z; in a query, send + as %2B',
    );
    expect(messageOf('2026-11-30 03:44:00')).not.toContain('%2B');
  });
});

describe('a query field that is given again', () => {
  class OnceDto {
    @OptionalText({ max: 5 }) tag!: string | null;
    @Quantity({ optional: true }) limit!: number | null;
    @TextList({ max: 3, itemMax: 9, optional: true }) status!: string[] | null;
  }
  const refused = (input: object, source: 'json' | 'text' = 'text') => {
    try {
      return validated(OnceDto, input, source);
    } catch (error) {
      return (error as ProblemError).errors;
    }
  };

  it('is refused as that, unless it is a list', () => {
    const repeated = { code: 'repeated', message: 'must be given once' };
    expect(refused({ tag: ['a', 'b'], limit: ['1', '2'], other: ['1', '2'] })).toEqual([
      expect.objectContaining({ pointer: '/other', code: 'unknown_field' }),
      { pointer: '/tag', ...repeated },
      { pointer: '/limit', ...repeated },
    ]);
    expect(refused({ status: ['a', 'b'] })).toMatchObject({ status: ['a', 'b'] });
    expect(refused({ status: ['a', ''] })).toMatchObject([{ pointer: '/status/1', code: 'too_short' }]);
  });

  it('is not what a list in a body is', () => {
    expect(refused({ tag: ['a', 'b'] }, 'json')).toMatchObject([{ pointer: '/tag', code: 'not_text' }]);
  });
});

describe('a class', () => {
  it('cannot use a decorator whose rule would be skipped', () => {
    class MailDto {
      @IsEmail() email!: string;
    }
    expect(() => validated(MailDto, { email: 'x' }, 'json')).toThrow('MailDto.email uses a decorator');
  });
});
