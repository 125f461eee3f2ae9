import fc from 'fast-check';
import { fieldsOf } from '../http/dto-fields.js';
import type { Dto, FieldRule, JsonSchema } from '../http/field-rule.js';

/*
 * Bodies for a class, made from the rules of its properties: most are good, and many have one mistake. They are
 * JSON texts and not values, since JSON can say what a value cannot: a name twice, -0, 1.0, 1E400.
 */

const STRANGE_TEXTS = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud83d',
  '\ude00x',
  '😀',
  'é',
  'ﬀ',
  '\u2028',
  'null',
  '__proto__',
  'XX',
  'eu',
];
const STRANGE_NUMBERS =
  '0 -0 1 1.0 1.5 -1 1e2 1E400 -1E400 1e-7 9007199254740991 9007199254740993 2e53'.split(' ');
const STRANGE_DATES = [
  '2026-02-29T00:00:00Z',
  '2024-02-29T23:59:59.999999+14:00',
  '2026-03-01T24:00:00Z',
  '2026-03-01T12:00:60Z',
  '2026-03-01T12:00:00',
  '2026-03-01t12:00:00z',
  '2026-03-01 12:00:00Z',
  '1969-12-31T23:59:59Z',
  '9999-12-31T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '2026-03-01T12:00:00.1234567890123456789012Z',
];
/** Names that every object has a member for, and some that only look like those of a field. */
const STRANGE_NAMES = [
  'unknown',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  'length',
  '0',
];

const json = (value: unknown): string => JSON.stringify(value);
const oneOf = (texts: readonly string[]) => fc.constantFrom(...texts);

/** Any JSON, and values that fit no field. */
const junk = fc.oneof(
  oneOf(['null', 'true', 'false', '[]', '{}', '[[]]', '[null]', '{"__proto__":{}}', ...STRANGE_NUMBERS]),
  oneOf(STRANGE_TEXTS).map(json),
  oneOf(STRANGE_DATES).map(json),
  fc.jsonValue({ maxDepth: 2 }).map(json),
);

/** A body of the class. Some fields are left out; seldom there are unknown fields, or a field twice. */
export function bodyOf(dto: Dto): fc.Arbitrary<string> {
  const fields = [...fieldsOf(dto)].map(([name, rule]) =>
    fieldOf(rule).map((text) => (text === null ? [] : [member(name, text)])),
  );
  const others = fc.oneof(
    { weight: 12, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.tuple(strangeName(dto), junk).map(([name, text]) => [member(name, text)]) },
  );
  return fc.tuple(...fields, others).map((parts) => `{${parts.flat().join(',')}}`);
}

const member = (name: string, text: string) => `${json(name)}:${text}`;

function strangeName(dto: Dto): fc.Arbitrary<string> {
  const own = [...fieldsOf(dto).keys()];
  return oneOf([
    ...STRANGE_NAMES,
    ...own,
    ...own.map((name) => name.toUpperCase()),
    ...own.map((name) => `${name} `),
  ]);
}

/** null: the field is left out. Required fields are seldom left out. */
function fieldOf(rule: FieldRule): fc.Arbitrary<string | null> {
  const absent = rule.required ? 1 : 40;
  return fc.oneof(
    { weight: 100, arbitrary: valueOf(rule.schema, rule) },
    { weight: absent, arbitrary: fc.constant(null) },
    { weight: absent, arbitrary: fc.constant('null') },
    { weight: 1, arbitrary: junk },
  );
}

function valueOf(schema: JsonSchema, rule: FieldRule): fc.Arbitrary<string> {
  if (schema['type'] === 'array') return listOf(schema, rule);
  if (rule.nested) return objectOf(rule);
  if (schema['enum'] !== undefined) return oneOf(schema['enum'] as string[]).map(json);
  if (schema['type'] === 'string') return textOf(schema);
  if (schema['type'] === 'integer') return integerOf(schema);
  if (schema['type'] === 'boolean') return oneOf(['true', 'false']);
  return mapOf(schema);
}

const objectOf = (rule: FieldRule) => fc.oneof(...rule.dtos.map(bodyOf));

/** Seldom a list at its limits, which then holds the same item again and again. */
function listOf(schema: JsonSchema, rule: FieldRule): fc.Arbitrary<string> {
  const { minItems = 0, maxItems } = schema as { minItems?: number; maxItems: number };
  const item = rule.nested ? objectOf(rule) : valueOf(schema['items'] as JsonSchema, rule);
  const short = fc.array(item, { minLength: minItems, maxLength: Math.min(maxItems, minItems + 3) });
  const atLimit = fc
    .tuple(item, fc.constantFrom(minItems - 1, maxItems, maxItems + 1))
    .map(([one, length]) => new Array<string>(Math.max(0, length)).fill(one));
  return fc
    .oneof({ weight: 60, arbitrary: short }, { weight: 1, arbitrary: atLimit })
    .map((items) => `[${items.join(',')}]`);
}

function mapOf(schema: JsonSchema): fc.Arbitrary<string> {
  const { maxProperties } = schema as { maxProperties: number };
  const entry = fc.tuple(
    fc.oneof(
      { weight: 20, arbitrary: textOf(schema['propertyNames'] as JsonSchema) },
      oneOf(STRANGE_NAMES).map(json),
    ),
    fc.oneof({ weight: 20, arbitrary: textOf(schema['additionalProperties'] as JsonSchema) }, junk),
  );
  const atLimit = fc
    .constantFrom(maxProperties, maxProperties + 1)
    .map((count) => Array.from({ length: count }, (_, i) => [json(`k${i}`), '"v"'] as [string, string]));
  return fc
    .oneof({ weight: 20, arbitrary: fc.array(entry, { maxLength: 3 }) }, { weight: 1, arbitrary: atLimit })
    .map((entries) => `{${entries.map((pair) => pair.join(':')).join(',')}}`);
}

function textOf(schema: JsonSchema): fc.Arbitrary<string> {
  const good = goodTextOf(schema);
  const { minLength = 0, maxLength = 40 } = schema as { minLength?: number; maxLength?: number };
  const lengths = fc
    .constantFrom(minLength - 1, minLength, maxLength, maxLength + 1)
    .map((length) => Math.max(0, length));
  const atLimit = fc
    .tuple(fc.constantFrom('x', 'A', '7', 'é', '😀', '😀x'), lengths)
    .map(([unit, length]) => unit.repeat(Math.ceil(length / unit.length)).slice(0, length));
  return fc
    .oneof(
      { weight: 100, arbitrary: good },
      { weight: 2, arbitrary: atLimit },
      {
        weight: 1,
        arbitrary: fc.tuple(good, lengths).map(([text, length]) => text.padEnd(length, text.at(-1))),
      },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
      { weight: 1, arbitrary: oneOf([...STRANGE_TEXTS, ...STRANGE_DATES]) },
      { weight: 2, arbitrary: fc.tuple(good, spoiling).map(([text, spoil]) => spoil(text)) },
    )
    .map(json);
}

function goodTextOf({ format, pattern, minLength, maxLength }: JsonSchema): fc.Arbitrary<string> {
  if (format === 'uuid')
    return fc.oneof(
      fc.uuid(),
      fc.uuid().map((text) => text.toUpperCase()),
    );
  if (format === 'date-time') return dates;
  if (format === 'country-code') return fc.constantFrom('DE', 'GB', 'FR', 'US', 'JP');
  if (pattern !== undefined)
    return fc.stringMatching(new RegExp(pattern as string, 'u'), { maxLength: maxLength as number });
  const bounds = { minLength: minLength as number, maxLength: Math.min(maxLength as number, 20) };
  return fc.oneof(fc.string(bounds), fc.string({ ...bounds, maxLength: 10, unit: 'grapheme' }));
}

const dates = fc
  .tuple(
    fc.date({ min: new Date('1970-01-02'), max: new Date('9999-12-29'), noInvalidDate: true }),
    fc.constantFrom('Z', '+00:00', '-11:30', '+14:00'),
  )
  .map(([date, offset]) => date.toISOString().replace('Z', offset));

const spoiling = fc.constantFrom<((text: string) => string)[]>(
  (text) => text.toLowerCase(),
  (text) => text.toUpperCase(),
  (text) => `${text} `,
  (text) => `${text}\n`,
  (text) => ` ${text}`,
  (text) => text.slice(1),
  (text) => text.slice(0, -1),
  (text) => text + text,
  (text) => `${text}\0`,
  (text) => `${text}\ud800`,
  (text) => text.replace(/./, '٣'),
);

function integerOf(schema: JsonSchema): fc.Arbitrary<string> {
  const { minimum, maximum } = schema as { minimum: number; maximum: number };
  return fc.oneof(
    { weight: 60, arbitrary: fc.integer({ min: minimum, max: Math.min(maximum, 2 ** 31 - 1) }).map(String) },
    { weight: 8, arbitrary: fc.constantFrom(minimum, maximum).map(String) },
    { weight: 1, arbitrary: fc.constantFrom(minimum - 1, maximum + 1, maximum + 0.5).map(String) },
    { weight: 1, arbitrary: oneOf(STRANGE_NUMBERS) },
    { weight: 1, arbitrary: fc.constantFrom(minimum, maximum).map((number) => json(String(number))) },
  );
}
