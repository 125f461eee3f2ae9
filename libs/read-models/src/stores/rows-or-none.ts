import type { Queryable } from '../queryable.js';

const UNDEFINED_TABLE = '42P01';
const UNDEFINED_COLUMN = '42703';

/** What a query finds; nothing where the tables are not there, or not yet as this release has them: no projector of it ran. */
export async function rowsOrNone<Row extends object>(
  db: Queryable,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  try {
    return (await db.query<Row>(text, values)).rows;
  } catch (error) {
    if (isNotThereYet(error)) return [];
    throw error;
  }
}

export function isNotThereYet(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === UNDEFINED_TABLE || code === UNDEFINED_COLUMN;
}
