import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { GenerationState } from './generation-states.js';
import { generationById, type Generation } from './generation.js';
import { SEARCH_PROJECTION } from '../orders.projection.js';
import { GENERATION_CHANNEL, SHARED_SCHEMA } from '../schema.js';

export interface DropOptions {
  /** Removes an index of Elasticsearch, which may be gone already. null: no Elasticsearch is configured. */
  readonly removeIndex: ((name: string) => Promise<unknown>) | null;
  readonly signal?: AbortSignal;
  /** Called each time that the tables cannot be dropped because they are being read. */
  readonly onBusy?: () => void;
}

/** The generation is the active one, and has to stay. */
export class CannotDrop extends Error {}

/**
 * Everything but the index is gone. The generation stays `dropping` until another call, made where Elasticsearch
 * answers, has removed the index.
 */
export class IndexLeft extends Error {
  constructor({ id, searchIndex }: Generation, why: string, options?: ErrorOptions) {
    super(
      `generation ${id} is dropped, but its index ${searchIndex} is not (${why}): ` +
        `remove it with \`orderctl generations drop ${id} --elasticsearch-url URL\`, or leave it there for good with --leave-index`,
      options,
    );
  }
}

// A DROP that waits for a reader makes every later reader wait behind it, so it gives up soon and tries again.
const LOCK_TIMEOUT_MS = 100;
const TRY_AGAIN_MS = 200;
const LOCK_NOT_AVAILABLE = '55P03';
const DEADLOCK_DETECTED = '40P01';

/**
 * Frees what a generation takes: its tables, its index, its checkpoints and what is parked in it. Queries of it
 * that are under way are answered first, however long they take. After an interruption, the same call goes on. The
 * index goes last, so that an Elasticsearch that is away delays nothing in PostgreSQL.
 *
 * @throws CannotDrop, IndexLeft, and NoSuchGeneration when there is none of that number
 */
export async function dropGeneration(pool: pg.Pool, id: number, options: DropOptions): Promise<void> {
  const generation = await generationById(pool, id);
  await announce(pool, generation);
  await dropTablesUnread(pool, generation, options);
  if (generation.searchIndex === null) return;
  await removeIndexOf(generation, options);
  await pool.query(`UPDATE ${SHARED_SCHEMA}.generations SET state = 'dropped' WHERE id = $1`, [id]);
}

async function removeIndexOf(generation: Generation, { removeIndex }: DropOptions): Promise<void> {
  if (removeIndex === null) throw new IndexLeft(generation, 'no Elasticsearch is configured here');
  try {
    await removeIndex(generation.searchIndex!);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new IndexLeft(generation, why, { cause: error });
  }
}

async function dropTablesUnread(
  pool: pg.Pool,
  generation: Generation,
  { signal, onBusy }: DropOptions,
): Promise<void> {
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await dropTables(pool, generation);
    } catch (error) {
      const code: unknown = error instanceof Error && 'code' in error ? error.code : null;
      if (code !== LOCK_NOT_AVAILABLE && code !== DEADLOCK_DETECTED) throw error;
      onBusy?.();
      await delay(TRY_AGAIN_MS, undefined, { signal });
    }
  }
}

/** Marks it as `dropping`: no projector keeps it and no rollback goes back to it from now on. @throws CannotDrop */
async function announce(pool: pg.Pool, { id }: Generation): Promise<void> {
  const { rowCount } = await pool.query(
    `WITH a AS (SELECT generation FROM ${SHARED_SCHEMA}.active_generation FOR UPDATE), dropping AS (
       UPDATE ${SHARED_SCHEMA}.generations SET state = 'dropping'
       WHERE id = $1 AND NOT EXISTS (SELECT FROM a WHERE a.generation = $1) RETURNING id
     ), forgotten AS (
       UPDATE ${SHARED_SCHEMA}.active_generation SET previous = NULL
       WHERE previous = (SELECT id FROM dropping)
     ) SELECT pg_notify('${GENERATION_CHANNEL}', id::text) FROM dropping`,
    [id],
  );
  if ((rowCount ?? 0) === 0)
    throw new CannotDrop(
      `generation ${id} is active, and query-apis of its release read it: activate another one first`,
    );
}

async function dropTables(pool: pg.Pool, { id, rowsOf, schema, searchIndex }: Generation): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(`BEGIN; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    // Other generations may read the same tables, each beside an index of its own: the last one takes the tables
    // along.
    const { rows } = await client.query<{ id: number; state: GenerationState }>(
      `SELECT id, state FROM ${SHARED_SCHEMA}.generations WHERE coalesce(rows_of, id) = $1 ORDER BY id FOR UPDATE`,
      [rowsOf],
    );
    // A generation of which only the index is left does not read the tables any more.
    const isGoing = (one: { state: GenerationState }) => one.state === 'dropping' || one.state === 'dropped';
    const last = rows.every(isGoing);
    const gone = last ? [id, rowsOf] : [id].filter((one) => one !== rowsOf);
    // Where the rows stay for others, what belongs to its own index goes all the same, and so does what belongs to
    // the indexes of those that were dropped before.
    const unsearched = rows.filter(isGoing).map((one) => one.id);
    if (last) await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    if (searchIndex === null)
      await client.query(`UPDATE ${SHARED_SCHEMA}.generations SET state = 'dropped' WHERE id = $1`, [id]);
    for (const table of ['late_rows', 'stretches'])
      await client.query(`DELETE FROM ${SHARED_SCHEMA}.${table} WHERE generation = ANY ($1)`, [gone]);
    const isGone = `(generation = ANY ($1) OR (projection = '${SEARCH_PROJECTION}' AND generation = ANY ($2)))`;
    for (const table of ['checkpoints', 'made_from', 'quarantine', 'leases']) {
      await client.query(`DELETE FROM ${SHARED_SCHEMA}.${table} WHERE ${isGone}`, [gone, unsearched]);
    }
    await client.query(
      `UPDATE ${SHARED_SCHEMA}.quarantine_actions SET done_at = now(), succeeded = false, outcome = $3
       WHERE ${isGone} AND done_at IS NULL`,
      [gone, unsearched, 'the generation was dropped before this was done: ask again'],
    );
    await client.query('COMMIT');
    client.release();
  } catch (error) {
    client.release(true); // dropping the connection rolls back
    throw error;
  }
}
