import type { GenerationState } from './generation-states.js';
import { GENERATION_COLUMNS, toGeneration, type Generation, type GenerationRow } from './generation.js';
import type { Queryable } from '../queryable.js';
import { readModelFingerprints } from '../read-model-fingerprints.js';
import { SHARED_SCHEMA } from '../schema.js';

/** A generation and what is known of it. */
export interface GenerationRecord extends Generation {
  readonly state: GenerationState;
  /** `previous`: what a rollback goes back to. */
  readonly role: 'active' | 'previous' | null;
  /** Whether it is of the release that this process runs. */
  readonly ofThisRelease: boolean;
  readonly madeBy: 'projector' | 'replay';
  readonly createdAt: Date;
  readonly verifiedAt: Date | null;
  /** When it was last activated. */
  readonly activatedAt: Date | null;
  /** Why its building was given up. */
  readonly failure: string | null;
  /** Checkpoint of `orders`; null: it has no event yet. */
  readonly position: bigint | null;
  /** Checkpoint of `search`; null: it has no index, or no event is in it yet. */
  readonly searchPosition: bigint | null;
}

interface RecordRow extends GenerationRow {
  readonly state: GenerationState;
  readonly role: GenerationRecord['role'];
  readonly made_by: GenerationRecord['madeBy'];
  readonly created_at: Date;
  readonly verified_at: Date | null;
  readonly activated_at: Date | null;
  readonly failure: string | null;
  readonly position: string | null;
  readonly search_position: string | null;
}

/**
 * All generations that are not dropped, of whatever release, the oldest first. One that was built from an empty log has
 * a checkpoint of -1.
 */
export async function listGenerations(db: Queryable): Promise<GenerationRecord[]> {
  const { rows } = await db.query<RecordRow>(
    `SELECT ${GENERATION_COLUMNS}, g.state, g.made_by, g.created_at, g.verified_at, g.activated_at, g.failure,
       CASE g.id WHEN a.generation THEN 'active' WHEN a.previous THEN 'previous' END AS role,
       nullif(o.position, -1) AS position, nullif(s.position, -1) AS search_position
     FROM ${SHARED_SCHEMA}.generations g
     LEFT JOIN ${SHARED_SCHEMA}.active_generation a ON true
     LEFT JOIN ${SHARED_SCHEMA}.checkpoints o
       ON o.generation = coalesce(g.rows_of, g.id) AND o.projection = 'orders'
     LEFT JOIN ${SHARED_SCHEMA}.checkpoints s ON s.generation = g.id AND s.projection = 'search'
     WHERE g.state <> 'dropped' ORDER BY g.id`,
  );
  return rows.map(toRecord);
}

function toRecord(row: RecordRow): GenerationRecord {
  return {
    ...toGeneration(row),
    state: row.state,
    role: row.role,
    ofThisRelease: Object.values(readModelFingerprints).includes(row.fingerprint),
    madeBy: row.made_by,
    createdAt: row.created_at,
    verifiedAt: row.verified_at,
    activatedAt: row.activated_at,
    failure: row.failure,
    position: row.position === null ? null : BigInt(row.position),
    searchPosition: row.search_position === null ? null : BigInt(row.search_position),
  };
}

/** Those of this release that neither queries nor a rollback need: what a flip leaves behind. */
export function superseded(generations: readonly GenerationRecord[]): GenerationRecord[] {
  return generations.filter(
    ({ role, state, ofThisRelease }) => ofThisRelease && role === null && state !== 'building',
  );
}
