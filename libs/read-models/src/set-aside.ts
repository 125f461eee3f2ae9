import type { Generation, Queryable } from './generations.js';
import { readModelFingerprints, SHARED_SCHEMA } from './schema.js';

/**
 * This release no longer takes its generations for its own: the next projector that starts builds another one,
 * and queries are answered from the old one until that is done. Tables and indexes stay, for a person to drop.
 *
 * @returns what was set aside
 */
export async function setGenerationsAside(db: Queryable): Promise<SetAside[]> {
  const { rows } = await db.query<SetAside>(
    `UPDATE ${SHARED_SCHEMA}.generations SET fingerprint = 'set aside: ' || id || ' ' || fingerprint
     WHERE fingerprint = ANY($1) RETURNING id, schema_name AS schema, search_index AS "searchIndex"`,
    [Object.values(readModelFingerprints)],
  );
  return rows.sort((a, b) => a.id - b.id);
}

export type SetAside = Omit<Generation, 'fingerprint'>;
