import { createHash } from 'node:crypto';

/** A cursor that we did not make, or made for another question. */
export class InvalidCursor extends Error {
  constructor() {
    super('the cursor is not one of ours, or belongs to another question');
  }
}

export type CursorValue = string | number;
/** `integer`: a PostgreSQL integer; `bigint`: as far as a JSON number goes. */
export type CursorValueKind = 'text' | 'integer' | 'bigint' | 'time' | 'uuid' | 'position';

/** What a cursor belongs to: used with any other question it is refused. */
export interface CursorBinding {
  /** Which kind of page and its sort, such as `orders:-placedAt`. */
  readonly page: string;
  /** Everything that narrows the page, in a fixed order of names. */
  readonly question: unknown;
  readonly kinds: readonly CursorValueKind[];
}

const MAX_CHARACTERS = 1_000;
const MAX_INTEGER = 2_147_483_647;

const checks: Readonly<Record<CursorValueKind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string' && value.length <= 300 && !value.includes('\0'),
  integer: (value) => Number.isSafeInteger(value) && Math.abs(value as number) <= MAX_INTEGER,
  bigint: (value) => Number.isSafeInteger(value),
  time: (value) => typeof value === 'string' && isIsoTime(value),
  uuid: (value) =>
    typeof value === 'string' && /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(value),
  position: (value) => typeof value === 'string' && /^\d{1,18}$/.test(value),
};

/**
 * Where the next page begins: the last row's sort values and id, in base64url JSON. It names no row
 * number and no generation, so it stays good while orders change and when another generation is read.
 */
export function encodeCursor(binding: CursorBinding, values: readonly CursorValue[]): string {
  const text = JSON.stringify({ p: binding.page, q: digest(binding.question), v: values });
  return Buffer.from(text, 'utf8').toString('base64url');
}

/** @throws InvalidCursor unless `encodeCursor` made it for the same binding. */
export function decodeCursor(binding: CursorBinding, cursor: string): readonly CursorValue[] {
  if (cursor.length > MAX_CHARACTERS || !/^[A-Za-z0-9_-]+$/.test(cursor)) throw new InvalidCursor();
  const content = parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (content.p !== binding.page || content.q !== digest(binding.question)) throw new InvalidCursor();
  const values = content.v;
  if (!Array.isArray(values) || values.length !== binding.kinds.length) throw new InvalidCursor();
  const fits = binding.kinds.every((kind, index) => checks[kind](values[index]));
  if (!fits) throw new InvalidCursor();
  return values as CursorValue[];
}

function parse(text: string): { p?: unknown; q?: unknown; v?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch (error) {
    if (error instanceof SyntaxError) throw new InvalidCursor();
    throw error;
  }
}

function digest(question: unknown): string {
  return createHash('sha256').update(JSON.stringify(question)).digest('base64url').slice(0, 12);
}

// JavaScript has a year 0, PostgreSQL has none.
function isIsoTime(value: string): boolean {
  if (value.startsWith('0000')) return false;
  const epochMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) ? Date.parse(value) : NaN;
  return !Number.isNaN(epochMs) && new Date(epochMs).toISOString() === value;
}
