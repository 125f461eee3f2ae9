import type { Generation, Queryable } from './generations.js';
import { READ_MODEL_FINGERPRINT, SHARED_SCHEMA } from './schema.js';

/**
 * This release no longer takes its generation for its own: the next projector that starts builds another one,
 * and queries are answered from the old one until that is done. Its tables stay, for a person to drop.
 *
 * @returns what was set aside; null: there was nothing
 */
export async function setGenerationAside(db: Queryable): Promise<Pick<Generation, 'id' | 'schema'> | null> {
  const { rows } = await db.query<{ id: number; schema_name: string }>(
    `UPDATE ${SHARED_SCHEMA}.generations SET fingerprint = 'set aside: ' || id || ' ' || fingerprint
     WHERE fingerprint = $1 RETURNING id, schema_name`,
    [READ_MODEL_FINGERPRINT],
  );
  return rows[0] ? { id: rows[0].id, schema: rows[0].schema_name } : null;
}
