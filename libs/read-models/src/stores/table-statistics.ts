import { tablesOf } from '../generations/generation-ddl.js';
import { engineOf, type Generation } from '../generations/generation.js';
import type { Queryable } from '../queryable.js';

/** Rows of `order_history` as PostgreSQL last counted them; 0: never. */
export async function analyzedHistoryRows(db: Queryable, { schema }: Generation): Promise<number> {
  const { rows } = await db.query<{ counted: number }>(
    'SELECT greatest(reltuples, 0)::float8 AS counted FROM pg_class WHERE oid = $1::regclass',
    [`${schema}.order_history`],
  );
  return rows[0]!.counted;
}

/** Has PostgreSQL make its statistics of all tables of a generation. */
export function analyzeStatement({
  schema,
  searchIndex,
}: Pick<Generation, 'schema' | 'searchIndex'>): string {
  return `ANALYZE ${tablesOf(engineOf(searchIndex))
    .map((table) => `${schema}.${table}`)
    .join(', ')}`;
}
