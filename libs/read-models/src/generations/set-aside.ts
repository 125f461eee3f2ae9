import type { Generation } from './generation.js';
import type { Queryable } from '../queryable.js';
import { readModelFingerprints } from '../read-model-fingerprints.js';
import { GENERATION_CHANNEL, SHARED_SCHEMA } from '../schema.js';

/**
 * Sets the generations of this release aside: the next projector that starts builds another one, and queries are
 * answered from the old one until that is done. Tables and indexes stay until they are dropped.
 *
 * @returns what was set aside
 */
export async function setGenerationsAside(db: Queryable): Promise<SetAside[]> {
  const { rows } = await db.query<SetAside>(
    `WITH aside AS (
       UPDATE ${SHARED_SCHEMA}.generations SET state = 'set_aside'
       WHERE fingerprint = ANY($1) AND (state = 'ready' OR state = 'building' AND made_by = 'projector')
       RETURNING id, schema_name AS schema, search_index AS "searchIndex"
     ) SELECT aside.*, pg_notify('${GENERATION_CHANNEL}', id::text)::text AS told FROM aside`,
    [Object.values(readModelFingerprints)],
  );
  return rows.map(({ id, schema, searchIndex }) => ({ id, schema, searchIndex })).sort((a, b) => a.id - b.id);
}

export type SetAside = Pick<Generation, 'id' | 'schema' | 'searchIndex'>;
