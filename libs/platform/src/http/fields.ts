import { instantOf, type Instant } from '#domain/instant.js';
import { nounFor } from '../counted.js';
import { countries } from '../countries.js';
import { field, type FieldOptions, type Refusal } from './field-rule.js';

const refuse = (code: string, message: string): Refusal => ({ code, message });

export interface TextOptions extends FieldOptions {
  /** Characters, as `length` counts them. */
  max: number;
  /** 1 unless given. */
  min?: number;
  pattern?: Pattern;
}

export interface Pattern {
  regex: RegExp;
  /** What matches it, in words that follow `must be`. */
  means: string;
}

/** Text of one line or more, without NUL and lone surrogates, which Postgres and JSON cannot keep. */
export function Text(options: TextOptions): PropertyDecorator {
  const { max, min = 1, pattern } = options;
  const check = (value: unknown) => checkText(value, min, max, pattern);
  const schema = { type: 'string', format: 'text', minLength: min, maxLength: max, ...patternOf(pattern) };
  return field('text', { check, schema }, options);
}

/** Text or null. */
export function OptionalText(options: TextOptions): PropertyDecorator {
  return Text({ ...options, optional: true });
}

/** A schema has no flags, and reads every pattern as one of Unicode characters. */
export function patternOf(pattern: Pattern | undefined): { pattern?: string } {
  if (pattern === undefined) return {};
  const { regex } = pattern;
  if (regex.flags !== '') throw new Error(`${String(regex)} has flags, which a schema cannot say`);
  return { pattern: regex.source };
}

/** For each format of the schemas, which texts it accepts. */
export const formats: Readonly<Record<string, (text: string) => boolean>> = {
  text: (text) => text.isWellFormed() && !text.includes('\0'),
  uuid: (text) => UUID.test(text),
  'date-time': (text) => dateTimeOf(text) !== null,
  'country-code': (text) => COUNTRY_CODES.has(text),
};

export function checkText(value: unknown, min: number, max: number, pattern?: Pattern): Refusal | null {
  if (typeof value !== 'string') return refuse('not_text', 'must be a string');
  if (value.length < min) {
    return refuse('too_short', min === 1 ? 'must not be empty' : `must have at least ${min} characters`);
  }
  if (value.length > max) return refuse('too_long', `must have at most ${max} ${nounFor(max, 'character')}`);
  if (!formats['text']!(value)) {
    return refuse('invalid_characters', 'must be valid Unicode without NUL');
  }
  if (pattern && !pattern.regex.test(value)) return refuse('wrong_format', `must be ${pattern.means}`);
  return null;
}

export interface IntegerOptions extends FieldOptions {
  min: number;
  max: number;
}

/** A whole number within bounds that are safe integers. */
export function Integer(options: IntegerOptions): PropertyDecorator {
  const { min, max } = options;
  const check = (value: unknown) => {
    if (!isWhole(value)) return refuse('not_an_integer', 'must be a whole number');
    // Numbers that JSON.parse has rounded are beyond every range.
    if (value < min || value > max) {
      return refuse('out_of_range', `must be from ${min} to ${max}`);
    }
    return null;
  };
  const fromText = (text: string) => (/^-?\d+$/.test(text) ? Number(text) : text);
  // JSON has a negative zero. It equals zero, except in comparisons such as Object.is.
  const normalise = (value: number) => (value === 0 ? 0 : value);
  const schema = { type: 'integer', minimum: min, maximum: max };
  return field('integer', { check, schema, fromText, normalise }, options);
}

/** JSON.parse makes Infinity of a number with hundreds of digits. */
function isWhole(value: unknown): value is number {
  return Number.isInteger(value) || value === Infinity || value === -Infinity;
}

/** An amount of money in the currency's smallest unit (cents, pence, yen). */
export function MinorUnits(options: IntegerOptions): PropertyDecorator {
  return Integer({ description: 'An amount in the smallest unit of the currency.', ...options });
}

/** Whole units of a line. */
export function Quantity(options: FieldOptions & { max?: number } = {}): PropertyDecorator {
  return Integer({ min: 1, max: 1_000_000, ...options });
}

/** A rate in hundredths of a percent: 2000 is 20 %. */
export function BasisPoints(options: FieldOptions & { max?: number } = {}): PropertyDecorator {
  return Integer({
    min: 0,
    max: 100_000,
    description: 'A rate in hundredths of a percent: 2000 is 20 %.',
    ...options,
  });
}

export function Flag(options: FieldOptions = {}): PropertyDecorator {
  const check = (value: unknown) =>
    typeof value === 'boolean' ? null : refuse('not_a_flag', 'must be true or false');
  const fromText = (text: string) => (text === 'true' ? true : text === 'false' ? false : text);
  return field('flag', { check, schema: { type: 'boolean' }, fromText }, options);
}

export function OneOf(values: readonly string[], options: FieldOptions = {}): PropertyDecorator {
  const allowed: ReadonlySet<unknown> = new Set(values);
  const check = (value: unknown) =>
    allowed.has(value) ? null : refuse('not_allowed', `must be one of ${values.join(', ')}`);
  return field('oneOf', { check, schema: { type: 'string', enum: [...values] } }, options);
}

/** An ISO 4217 code in capitals. The domain checks that the code is in use. */
export function CurrencyCode(options: FieldOptions = {}): PropertyDecorator {
  const check = (value: unknown) =>
    typeof value === 'string' && /^[A-Z]{3}$/.test(value)
      ? null
      : refuse('not_a_currency', 'must be an ISO 4217 code, such as EUR');
  const schema = { type: 'string', pattern: '^[A-Z]{3}$' };
  return field('currency', { check, schema }, { example: 'EUR', ...options });
}

const COUNTRY_CODES: ReadonlySet<unknown> = new Set(Object.keys(countries.getAlpha2Codes()));

/** An ISO 3166-1 alpha-2 code in capitals, or null for a place that has none. */
export function CountryCode(options: FieldOptions = {}): PropertyDecorator {
  const check = (value: unknown) =>
    COUNTRY_CODES.has(value)
      ? null
      : refuse('not_a_country', 'must be an ISO 3166-1 alpha-2 code, such as DE, or null');
  const schema = { type: 'string', pattern: '^[A-Z]{2}$', format: 'country-code' };
  return field('country', { check, schema }, { optional: true, example: 'DE', ...options });
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A UUID of any version, normalised to lower case. */
export function Uuid(options: FieldOptions = {}): PropertyDecorator {
  const check = (value: unknown) =>
    typeof value === 'string' && UUID.test(value) ? null : refuse('not_a_uuid', 'must be a UUID');
  const normalise = (value: string) => value.toLowerCase();
  return field('uuid', { check, schema: { type: 'string', format: 'uuid' }, normalise }, options);
}

/** An RFC 3339 date-time with an offset, on a day that exists; normalised to UTC, to the millisecond. */
export function DateTime(options: FieldOptions = {}): PropertyDecorator {
  const check = (value: unknown) =>
    dateTimeOf(value) === null ? dateTimeRefusal(value, 'a date and time with an offset') : null;
  const schema = { type: 'string', format: 'date-time' };
  return field('dateTime', { check, schema, normalise: dateTimeOf }, options);
}

// A year before 1970 or after 9999 is a slip of the pen, and Postgres and CSV readers differ on them.
export function dateTimeOf(value: unknown): Instant | null {
  const instant = mayBeDateTime(value) ? instantOf(value) : null;
  return instant !== null && instant >= '1970' && instant < '9999-12-31' ? instant : null;
}

/** @param value of which `dateTimeOf` makes nothing, where there must be `what` */
export function dateTimeRefusal(value: unknown, what: string): Refusal {
  // With an offset, a time of the first or the last year may be in a year that has no four digits.
  const inAnotherYear = (text: string) => text.replace(/^0000/, '2000').replace(/^9999/, '1999');
  if (mayBeDateTime(value) && instantOf(inAnotherYear(value)) !== null) {
    return refuse('out_of_range', 'must be from 1970-01-01 to 9999-12-30, in UTC');
  }
  const lostPlus = typeof value === 'string' && /T[\d:.]+ \d\d:\d\d$/i.test(value);
  const hint = lostPlus ? '; in a query, send + as %2B' : '';
  return refuse('not_a_date_time', `must be ${what}, such as 2026-03-01T12:00:00Z${hint}`);
}

/** Whether it is a text that may be a date-time: none is so long, or has an hour 24, which `Date` would take. */
function mayBeDateTime(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 40 && !value.startsWith('24', 11);
}
