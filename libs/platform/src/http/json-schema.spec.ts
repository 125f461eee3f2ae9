import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bodyOf } from '../testing/json-bodies.js';
import { compiled, type Accepts } from './compiled-schema.js';
import { explain } from './explain.js';
import type { JsonSchema } from './field-rule.js';
import {
  CountryCode,
  CurrencyCode,
  DateTime,
  Flag,
  Integer,
  OneOf,
  OptionalText,
  Text,
  Uuid,
} from './fields.js';
import { jsonSchemaOf } from './json-schema.js';
import { ListOf, ListOfKinds, NestedObject, ObjectOfKinds, TextList, TextMap } from './list-fields.js';

class AddDto {
  @OneOf(['add']) op!: 'add';
  @Uuid() id!: string;
}

class RenameDto {
  @OneOf(['rename']) op!: 'rename';
  @Text({ max: 5 }) name!: string;
}

class FlatDto {
  @Text({ min: 2, max: 5 }) text!: string;
  @OptionalText({ max: 9, pattern: { regex: /^[a-z]+@[a-z]+$/, means: 'an address' } }) email!: string | null;
  @Integer({ min: -3, max: 3 }) integer!: number;
  @Flag({ otherwise: true }) flag!: boolean;
  @CurrencyCode() currency!: string;
  @CountryCode() country!: string | null;
  @DateTime({ optional: true }) at!: string | null;
}

class DeepDto {
  @NestedObject(AddDto) one!: AddDto;
  @NestedObject(AddDto, { optional: true }) orNull!: AddDto | null;
  @ListOf(AddDto, { min: 1, max: 3 }) several!: AddDto[];
  @ObjectOfKinds('op', { add: AddDto, rename: RenameDto }) kind!: AddDto | RenameDto;
  @ListOfKinds('op', { add: AddDto, rename: RenameDto }, { max: 3 }) kinds!: (AddDto | RenameDto)[];
  @TextList({ max: 3, itemMax: 4, pattern: { regex: /^[A-Z]+$/, means: 'capital letters' } })
  texts!: string[];
  @TextMap({ maxEntries: 3, keyMax: 4, valueMax: 5, optional: true }) map!: Record<string, string> | null;
}

/** Keywords that say the same as their neighbours, or that no body could break. */
const SAID_TWICE = [
  'type', // of the whole schema: every body here is an object
  'properties.country.pattern', // narrowed by the format
  'properties.email.minLength', // narrowed by the pattern
  'properties.email.format',
  'properties.texts.items.minLength',
  'properties.texts.items.format',
  'properties.map.propertyNames.type', // a name is a text
];

/** The schema with each of its keywords left out in turn. */
function* saidLess(schema: unknown, at: readonly string[] = []): Generator<readonly [string, unknown]> {
  if (typeof schema !== 'object' || schema === null) return;
  const names = Array.isArray(schema) || at.at(-1) === 'properties';
  for (const [key, value] of Object.entries(schema)) {
    const here = [...at, key];
    const put = (part: unknown) =>
      Array.isArray(schema) ? schema.with(Number(key), part) : { ...schema, [key]: part };
    if (key === 'discriminator' || key === 'oneOf') continue; // the compiler refuses one without the other
    if (!names && key !== 'properties') yield [here.join('.'), put(undefined)];
    for (const [path, part] of saidLess(value, here)) yield [path, put(part)];
  }
}

describe.each([FlatDto, DeepDto])('the bodies made up for $name', (dto) => {
  const whole = jsonSchemaOf(dto) as { components: { schemas: Record<string, JsonSchema> } };
  const withOwn = (schema: unknown): Accepts =>
    compiled(
      JSON.parse(
        JSON.stringify({
          ...whole,
          components: { schemas: { ...whole.components.schemas, [dto.name]: schema } },
        }),
      ) as JsonSchema,
    );

  it('show whatever rule is left out of its schema', () => {
    const bodies = fc
      .sample(bodyOf(dto), { numRuns: 5_000, seed: 1 })
      .map((text): unknown => JSON.parse(text));
    const expected = bodies.map((body) => explain(dto, body).length === 0);
    const alike = (accepts: Accepts) => bodies.every((body, i) => accepts(body) === expected[i]);
    const own = whole.components.schemas[dto.name];
    expect(alike(withOwn(own))).toBe(true);
    const unseen = [...saidLess(own)].filter(([, schema]) => alike(withOwn(schema))).map(([path]) => path);
    expect(unseen.filter((path) => !SAID_TWICE.includes(path))).toEqual([]);
  });
});

describe('a schema', () => {
  it('cannot have two classes of one name', () => {
    const other = { AddDto: class AddDto {} }.AddDto;
    Uuid()(other.prototype, 'id');
    class BothDto {
      @NestedObject(AddDto) one!: AddDto;
      @NestedObject(other) two!: object;
    }
    expect(() => jsonSchemaOf(BothDto)).toThrow('two classes of one body are called AddDto');
  });

  it('cannot be made of a pattern with flags', () => {
    expect(() => Text({ max: 5, pattern: { regex: /x/i, means: 'x' } })).toThrow('flags');
  });
});
