import type { Generation } from './generation.js';
import type { Queryable } from '../queryable.js';
import { GENERATION_CHANNEL, SHARED_SCHEMA } from '../schema.js';

/**
 * `building`: being filled; by a replay, or by a projector of its release. `ready`: filled, and found right; it may
 * become active, and is kept up to date for as long as it is there. `failed`: given up, with the reason.
 * `set_aside`: a person had it replaced (`read-models renew`); it is kept up to date no longer, and another is built
 * in its place. `dropping`, `dropped`: its number is not given again.
 */
export type GenerationState = 'building' | 'ready' | 'failed' | 'set_aside' | 'dropping' | 'dropped';

/**
 * Marks a generation that has everything and was verified: it may become active, and projectors keep it up to date.
 *
 * @throws where it failed: two processes may verify it, and what one of them found wrong is not right for the other
 */
export async function markReady(db: Queryable, { id }: Pick<Generation, 'id'>): Promise<void> {
  await setState(db, id, `state = 'ready', verified_at = now()`, ['building', 'ready']);
}

/**
 * Gives up the building of a generation, or the flip to it. What was built stays until it is dropped. The active
 * generation is never marked.
 *
 * @returns whether it was marked
 */
export async function markFailed(
  db: Queryable,
  { id }: Pick<Generation, 'id'>,
  reason: string,
): Promise<boolean> {
  const isActive = `EXISTS (SELECT FROM ${SHARED_SCHEMA}.active_generation a WHERE a.generation = $1)`;
  const set = `state = CASE WHEN ${isActive} THEN state ELSE 'failed' END,
    failure = CASE WHEN ${isActive} THEN failure ELSE $3 END`;
  return (await setState(db, id, set, ['building', 'ready', 'failed'], [reason])) === 'failed';
}

/** Whether its rows are kept no more: each generation that reads them is set aside or dropped, or about to be. */
export function rowsAreKeptNoMore(db: Queryable, { rowsOf }: Pick<Generation, 'rowsOf'>): Promise<boolean> {
  return areAll(db, ['set_aside', 'dropping', 'dropped'], 'coalesce(rows_of, id) = $1', rowsOf);
}

/** Whether its index is dropped, or about to be. */
export function indexIsDropped(db: Queryable, { id }: Pick<Generation, 'id'>): Promise<boolean> {
  return areAll(db, ['dropping', 'dropped'], 'id = $1', id);
}

async function areAll(
  db: Queryable,
  states: readonly GenerationState[],
  which: string,
  number: number,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `SELECT FROM ${SHARED_SCHEMA}.generations WHERE ${which} AND state <> ALL ($2) LIMIT 1`,
    [number, states],
  );
  return rowCount === 0;
}

/** @returns its state now @throws when the generation is in none of the states `from` */
async function setState(
  db: Queryable,
  id: number,
  set: string,
  from: readonly GenerationState[],
  values: readonly string[] = [],
): Promise<GenerationState> {
  const { rows } = await db.query<{ state: GenerationState }>(
    `WITH changed AS (
       UPDATE ${SHARED_SCHEMA}.generations SET ${set} WHERE id = $1 AND state = ANY ($2) RETURNING id, state
     ) SELECT state, pg_notify('${GENERATION_CHANNEL}', id::text) FROM changed`,
    [id, from, ...values],
  );
  if (!rows[0]) throw new Error(`generation ${id} is in none of these states: ${from.join(', ')}`);
  return rows[0].state;
}
