import { nounFor } from '../counted.js';
import { pointerTo } from '../json-pointer.js';
import { schemaPathOf } from './documented.js';
import { checkText, patternOf, type Pattern } from './fields.js';
import { field, pointerToGiven, type Dto, type FieldOptions, type Refusal } from './field-rule.js';

interface ListOptions extends FieldOptions {
  min?: number;
  max: number;
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One object, itself validated. */
export function NestedObject(dto: Dto, options: FieldOptions = {}): PropertyDecorator {
  const check = (value: unknown) =>
    isObject(value) ? null : { code: 'not_an_object', message: 'must be an object' };
  const schema = { $ref: schemaPathOf(dto) };
  return field('object', { check, schema, nested: () => dto, dtos: [dto] }, options);
}

/** A list of objects of one kind, each validated. */
export function ListOf(dto: Dto, options: ListOptions): PropertyDecorator {
  const schema = { type: 'array', items: { $ref: schemaPathOf(dto) }, ...bounds(options) };
  return field('list', { check: checkObjects(options), schema, nested: () => dto, dtos: [dto] }, options);
}

/** One object of several kinds, told apart by one of its properties. */
export function ObjectOfKinds(
  discriminator: string,
  kinds: Readonly<Record<string, Dto>>,
  options: FieldOptions = {},
): PropertyDecorator {
  const { kindOf, unknownKind, schema, dtos } = kindsOf(discriminator, kinds);
  const check = (value: unknown) => {
    if (!isObject(value)) return { code: 'not_an_object', message: 'must be an object' };
    return kindOf(value) ? null : unknownKind;
  };
  return field('object', { check, schema, nested: kindOf, dtos }, options);
}

/** A list of objects of several kinds, told apart by one of their properties. */
export function ListOfKinds(
  discriminator: string,
  kinds: Readonly<Record<string, Dto>>,
  options: ListOptions,
): PropertyDecorator {
  const { kindOf, unknownKind, schema: items, dtos } = kindsOf(discriminator, kinds);
  const checkList = checkObjects(options);
  const check = (value: unknown) => {
    const refusal = checkList(value);
    if (refusal) return refusal;
    const unknown = (value as object[]).findIndex((item) => kindOf(item) === null);
    return unknown < 0 ? null : { ...unknownKind, at: pointerTo(unknown) + unknownKind.at };
  };
  const schema = { type: 'array', items, ...bounds(options) };
  return field('list', { check, schema, nested: kindOf, dtos }, options);
}

function kindsOf(discriminator: string, kinds: Readonly<Record<string, Dto>>) {
  const byKind = new Map(Object.entries(kinds));
  const dtos = [...new Set(byKind.values())];
  return {
    dtos,
    unknownKind: {
      code: 'unknown_kind',
      message: `must be one of ${[...byKind.keys()].join(', ')}`,
      at: pointerTo(discriminator),
    },
    kindOf: (item: object) => byKind.get((item as Record<string, string>)[discriminator] ?? '') ?? null,
    schema: {
      type: 'object',
      oneOf: dtos.map((dto) => ({ $ref: schemaPathOf(dto) })),
      discriminator: {
        propertyName: discriminator,
        mapping: Object.fromEntries([...byKind].map(([kind, dto]) => [kind, schemaPathOf(dto)])),
      },
    },
  };
}

/** A list of texts; in a query, `a,b` or the name repeated. */
export function TextList(
  options: ListOptions & { itemMax: number; pattern?: Pattern; oneOf?: readonly string[] },
): PropertyDecorator {
  const { itemMax, pattern, oneOf } = options;
  const check = (value: unknown) => {
    if (!Array.isArray(value)) return notAList;
    const refusal = checkLength(value, options);
    if (refusal) return refusal;
    for (const [index, item] of value.entries()) {
      const wrong = checkText(item, 1, itemMax, pattern);
      if (wrong) return { ...wrong, at: pointerTo(index) };
      if (oneOf && !oneOf.includes(item as string)) {
        return { code: 'not_allowed', message: `must be one of ${oneOf.join(', ')}`, at: pointerTo(index) };
      }
    }
    return null;
  };
  const text = { type: 'string', format: 'text', minLength: 1, maxLength: itemMax, ...patternOf(pattern) };
  const items = { ...text, ...(oneOf ? { enum: [...oneOf] } : {}) };
  const schema = { type: 'array', items, ...bounds(options) };
  const fromText = (list: string) => list.split(',');
  return field('textList', { check, schema, fromText }, options);
}

/** Names with texts, such as an order's attributes. */
export function TextMap(
  options: FieldOptions & { maxEntries?: number; keyMax: number; valueMax: number },
): PropertyDecorator {
  const { maxEntries = 20, keyMax, valueMax } = options;
  const check = (value: unknown) => {
    if (!isObject(value))
      return { code: 'not_an_object', message: 'must be an object whose values are strings' };
    const entries = Object.entries(value);
    if (entries.length > maxEntries) {
      return { code: 'too_many_items', message: `must have at most ${maxEntries} entries` };
    }
    for (const [key, text] of entries) {
      const wrongName = checkText(key, 1, keyMax);
      if (wrongName)
        return { ...wrongName, message: `its name ${wrongName.message}`, at: pointerToGiven(key) };
      const wrong = checkText(text, 0, valueMax);
      if (wrong) return { ...wrong, at: pointerToGiven(key) };
    }
    return null;
  };
  const text = { type: 'string', format: 'text' };
  const schema = {
    type: 'object',
    propertyNames: { ...text, minLength: 1, maxLength: keyMax },
    additionalProperties: { ...text, maxLength: valueMax },
    maxProperties: maxEntries,
  };
  return field('textMap', { check, schema }, options);
}

const notAList: Refusal = { code: 'not_a_list', message: 'must be a list' };

function checkObjects(options: ListOptions) {
  return (value: unknown): Refusal | null => {
    if (!Array.isArray(value)) return notAList;
    const refusal = checkLength(value, options);
    if (refusal) return refusal;
    const wrong = value.findIndex((item) => !isObject(item));
    return wrong < 0 ? null : { code: 'not_an_object', message: 'must be an object', at: pointerTo(wrong) };
  };
}

function checkLength(value: readonly unknown[], { min = 0, max }: ListOptions): Refusal | null {
  if (value.length < min)
    return { code: 'too_few_items', message: `must have at least ${min} ${nounFor(min, 'item')}` };
  if (value.length > max)
    return { code: 'too_many_items', message: `must have at most ${max} ${nounFor(max, 'item')}` };
  return null;
}

function bounds({ min, max }: ListOptions) {
  return { ...(min === undefined ? {} : { minItems: min }), maxItems: max };
}
