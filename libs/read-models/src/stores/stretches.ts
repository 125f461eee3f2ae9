import type { Generation } from '../generations/generation.js';
import { ORDERS_PROJECTION } from '../orders.projection.js';
import type { Queryable } from '../queryable.js';
import { SHARED_SCHEMA } from '../schema.js';
import type { LastWrite } from '../search/elasticsearch/index-writer.js';
import { fenced, heldLease, requireLease } from './fence.js';

/** The owners of a generation whose stretches are kept, counted back from the last one. */
const KEPT = 1_000;

/** SQL for the number that the last write of a row took; 0: there was none. A crash may leave some numbers out. */
export function lastWriteSeqOf(schema: string): string {
  return `(SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM ${schema}.write_seq)`;
}

/** SQL for the name of the stretch that is being written; null: an earlier release writes, which notes none. */
export function currentStretch({ rowsOf }: Pick<Generation, 'rowsOf'>): string {
  return `(SELECT name::text FROM ${SHARED_SCHEMA}.stretches
    WHERE generation = ${rowsOf} ORDER BY token DESC LIMIT 1)`;
}

/**
 * To be called by the owner with that token before it writes any row; a second call changes nothing. Only for a
 * generation with an index.
 * @throws LeaseLost
 */
export async function beginStretch(db: Queryable, { id, schema }: Generation, token: bigint): Promise<void> {
  const held = heldLease({ generation: '$1', projection: `'${ORDERS_PROJECTION}'`, token: '$2::bigint' });
  const beginning = db.query(
    `WITH ${held}, begun AS (
       INSERT INTO ${SHARED_SCHEMA}.stretches (generation, token, name, after_seq, after_position)
       VALUES ($1, $2, gen_random_uuid(), ${lastWriteSeqOf(schema)}, coalesce((
         SELECT position FROM ${SHARED_SCHEMA}.checkpoints WHERE generation = $1 AND projection = '${ORDERS_PROJECTION}'
       ), -1)) ON CONFLICT DO NOTHING
     ), forgotten AS (
       DELETE FROM ${SHARED_SCHEMA}.stretches WHERE generation = $1 AND token <= $2 - ${KEPT}
     ) SELECT ${requireLease}`,
    [id, token.toString()],
  );
  await fenced(beginning);
}

/** The rows of a build, which are written before `orders` has an owner. Only for a generation with an index. */
export async function noteBuild(db: Queryable, { id }: Generation): Promise<void> {
  await db.query(
    `INSERT INTO ${SHARED_SCHEMA}.stretches (generation, token, name, after_seq, after_position)
     VALUES ($1, 0, gen_random_uuid(), 0, -1)`,
    [id],
  );
}

/**
 * Whether a write that an index has was one of these rows, and its number was not given again. It was not if its
 * stretch is not known here, or ended before that number or that position. A write without a stretch is of an earlier
 * release, and one from before the first stretch here may be older than what is kept: nothing tells against these.
 */
export async function isWriteOf(
  db: Queryable,
  { rowsOf }: Generation,
  { writeSeq, position, stretch }: LastWrite,
): Promise<boolean> {
  if (stretch === null) return true;
  const { rows } = await db.query<{ is_theirs: boolean }>(
    `SELECT coalesce(bool_or(name::text = $2 AND $3 <= coalesce(ends_at, $3) AND $4 <= coalesce(ends_in, $4)), false)
       OR coalesce($3 <= min(after_seq) AND $4 <= min(after_position), true) AS is_theirs
     FROM (SELECT name, after_seq, after_position, lead(after_seq) OVER by_owner AS ends_at,
         lead(after_position) OVER by_owner AS ends_in
       FROM ${SHARED_SCHEMA}.stretches WHERE generation = $1 WINDOW by_owner AS (ORDER BY token)) s`,
    [rowsOf, stretch, writeSeq.toString(), position.toString()],
  );
  return rows[0]!.is_theirs;
}
