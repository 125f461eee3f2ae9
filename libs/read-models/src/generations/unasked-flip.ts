import type { Generation } from './generation.js';
import type { Queryable } from '../queryable.js';
import { SHARED_SCHEMA } from '../schema.js';

/**
 * `right`: a projector makes it by itself. `gone_back_from`: a person flipped away from the generation, and not to it
 * again. `needless`: the generation is active or dropped, or the active one is of the same kind.
 */
type UnaskedFlip = 'right' | 'gone_back_from' | 'needless';

/** What a flip to this generation, of the projector's release, would be if no person asks for it. */
export async function unaskedFlip(db: Queryable, { id }: Pick<Generation, 'id'>): Promise<UnaskedFlip> {
  const { rows } = await db.query<{ flip: UnaskedFlip }>(
    `SELECT CASE
       WHEN active.id = g.id OR (active.fingerprint = g.fingerprint AND active.state = 'ready') THEN 'needless'
       WHEN g.id = ANY (a.gone_back_from) OR (g.id = a.previous AND a.chosen) THEN 'gone_back_from'
       ELSE 'right' END AS flip
     FROM ${SHARED_SCHEMA}.generations g
     LEFT JOIN ${SHARED_SCHEMA}.active_generation a ON true
     LEFT JOIN ${SHARED_SCHEMA}.generations active ON active.id = a.generation
     WHERE g.id = $1 AND g.state <> 'dropped'`,
    [id],
  );
  return rows[0]?.flip ?? 'needless';
}
