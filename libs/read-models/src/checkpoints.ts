import type { Queryable } from './queryable.js';
import { SHARED_SCHEMA } from './schema.js';

/** How far a projection has come in a generation; null: it has read nothing yet. */
export async function checkpointOf(
  db: Queryable,
  generation: number,
  projection: string,
): Promise<bigint | null> {
  const { rows } = await db.query<{ position: string }>(
    `SELECT position FROM ${SHARED_SCHEMA}.checkpoints WHERE generation = $1 AND projection = $2`,
    [generation, projection],
  );
  return rows[0] ? BigInt(rows[0].position) : null;
}
