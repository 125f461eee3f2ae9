import type { Queryable } from './queryable.js';
import { SHARED_SCHEMA } from './schema.js';

/** How far a projection has come in a generation; null: it has read no event yet, or a build found none. */
export async function checkpointOf(
  db: Queryable,
  generation: number,
  projection: string,
): Promise<bigint | null> {
  const { rows } = await db.query<{ position: string }>(
    `SELECT position FROM ${SHARED_SCHEMA}.checkpoints WHERE generation = $1 AND projection = $2`,
    [generation, projection],
  );
  const position = rows[0] ? BigInt(rows[0].position) : null;
  return position !== null && position < 0n ? null : position; // a build that finds no event ends at -1
}
