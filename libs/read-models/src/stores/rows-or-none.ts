import type { Queryable } from '../queryable.js';

const UNDEFINED_TABLE = '42P01';
const UNDEFINED_COLUMN = '42703';

/**
 * The rows of a query; none where tables or columns do not exist yet, because no projector of this release has
 * run.
 */
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
