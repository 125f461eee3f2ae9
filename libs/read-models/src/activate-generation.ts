import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { checkpointOf } from './checkpoints.js';
import { activeGeneration, type Generation, type Queryable } from './generations.js';
import { noteShownByFlip } from './late-events.js';
import { requireNoneShownOlder } from './orders-shown-older.js';
import { ORDERS_PROJECTION, SEARCH_PROJECTION } from './orders.projection.js';
import { GENERATION_CHANNEL, SHARED_SCHEMA } from './schema.js';

export interface FlipOptions {
  /** A person asked for it: projectors leave it at that. */
  readonly chosen: boolean;
  /** The last position of the event store, where rows may have more, as after it was restored; else not needed. */
  readonly storeEndsAt?: bigint;
  /** Lets searches of that index see all that it has acknowledged. Called while nothing is written, so within a moment. */
  readonly refresh?: (searchIndex: string) => Promise<void>;
  /** Also where it has parked what the active one applied, as a release may that does not know what the one before it knew. */
  readonly evenOlder?: boolean;
}

/**
 * `behind`: the generation did not come as far as the active one in the moment for which that was held. `locked`:
 * somebody else flips, or writes for long to the rows of the active one.
 */
export type Flip = 'flipped' | 'active already' | 'behind' | 'locked';

/** It was not found to be right yet, or is no longer there. */
export class NotReady extends Error {}

/** How long the active generation is held where it is, so that the other one can draw level. */
const HELD_MAX_MS = 500;
const LOOK_EVERY_MS = 3;
const LOCK_TIMEOUT_MS = 2_000;
const LOCK_NOT_AVAILABLE = '55P03';
/** Whoever flips may be stopped in the middle of it, or lose its network: nobody could write for as long. */
const STOPPED_AFTER_MS = 5_000;

/**
 * Lets queries be answered from this generation from now on, its tables and its index in one step. The one that
 * was active before is held where it is meanwhile, and the flip is made only when this one is as far: whoever
 * reads after it sees no less than whoever read before. To be tried again when it is behind or locked.
 *
 * @throws NotReady, and OrdersShownOlder where it has parked what the active one applied
 */
export async function activate(pool: pg.Pool, generation: Generation, options: FlipOptions): Promise<Flip> {
  // Away, it says so here: while the flip holds the rows nobody could write until the request has timed out.
  await refreshed(generation, options);
  const client = await pool.connect();
  try {
    await client.query(
      `BEGIN; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS};
       SET LOCAL idle_in_transaction_session_timeout = ${STOPPED_AFTER_MS}`,
    );
    const flip = await flipWithin(client, generation, options);
    await client.query(flip === 'flipped' ? 'COMMIT' : 'ROLLBACK');
    client.release();
    return flip;
  } catch (error) {
    client.release(true); // dropping the connection rolls back
    if (error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE) return 'locked';
    throw error;
  }
}

/**
 * Before a flip, of all that both have read by now: whether it would be refused.
 *
 * @throws OrdersShownOlder
 */
export async function foreseeFlip(db: Queryable, generation: Generation): Promise<void> {
  const { rowsOf } = generation;
  const active = await activeGeneration(db);
  if (active === null || active.rowsOf === rowsOf || !(await sameStore(db, active.rowsOf, rowsOf))) return;
  const [shown, built] = [
    await checkpointOf(db, active.rowsOf, ORDERS_PROJECTION),
    await checkpointOf(db, rowsOf, ORDERS_PROJECTION),
  ];
  if (shown !== null && built !== null)
    await requireNoneShownOlder(db, active.rowsOf, generation, smaller(shown, built));
}

async function flipWithin(db: Queryable, generation: Generation, options: FlipOptions): Promise<Flip> {
  const active = await lockActive(db);
  if (active?.id === generation.id) return 'active already';
  await requireReady(db, generation);
  const wanted = active === null ? null : await heldAt(db, active.rowsOf, generation, options);
  if (active !== null && wanted !== null && !(await drawsLevel(db, generation, active.rowsOf, wanted)))
    return 'behind';
  await refreshed(generation, options);
  if (active !== null && active.rowsOf !== generation.rowsOf) {
    await noteShownByFlip(db, active.rowsOf, generation);
    // Afterwards: from then on nothing that was parked in the active one is applied there.
    if (wanted !== null && !options.evenOlder)
      await requireNoneShownOlder(db, active.rowsOf, generation, wanted);
  }
  await db.query(
    `WITH flipped AS (
       INSERT INTO ${SHARED_SCHEMA}.active_generation AS a (generation, chosen) VALUES ($1, $2)
       ON CONFLICT ("only") DO UPDATE
       SET previous = a.generation, generation = excluded.generation, chosen = excluded.chosen
     ), told AS (
       UPDATE ${SHARED_SCHEMA}.generations SET activated_at = clock_timestamp() WHERE id = $1 RETURNING id
     ) SELECT pg_notify('${GENERATION_CHANNEL}', id::text) FROM told`,
    [generation.id, options.chosen],
  );
  return 'flipped';
}

async function refreshed({ searchIndex }: Generation, { refresh }: FlipOptions): Promise<void> {
  if (searchIndex !== null) await refresh?.(searchIndex);
}

/** Flips happen one after the other. */
async function lockActive(db: Queryable): Promise<Pick<Generation, 'id' | 'rowsOf'> | null> {
  const { rows } = await db.query<{ id: number; rowsOf: number }>(
    `SELECT g.id, coalesce(g.rows_of, g.id) AS "rowsOf" FROM ${SHARED_SCHEMA}.active_generation a
     JOIN ${SHARED_SCHEMA}.generations g ON g.id = a.generation FOR UPDATE OF a`,
  );
  return rows[0] ?? null;
}

async function requireReady(db: Queryable, { id }: Generation): Promise<void> {
  const { rows } = await db.query<{ state: string; failure: string | null }>(
    `SELECT state, failure FROM ${SHARED_SCHEMA}.generations WHERE id = $1 FOR UPDATE`,
    [id],
  );
  const state = rows[0]?.state ?? 'dropped';
  if (state === 'ready') return;
  const why = rows[0]?.failure ? `: ${rows[0].failure}` : '';
  throw new NotReady(`generation ${id} is ${state}${why}`);
}

/** How far the generation has to come; null: the two are not to be compared. */
async function heldAt(
  db: Queryable,
  activeRowsOf: number,
  { rowsOf }: Generation,
  { storeEndsAt }: FlipOptions,
): Promise<bigint | null> {
  const held = await hold(db, activeRowsOf);
  if (held === null || !(await sameStore(db, activeRowsOf, rowsOf))) return null;
  return smaller(held, storeEndsAt ?? held);
}

/** Nothing is written to these rows until the transaction ends. @returns how far they are */
async function hold(db: Queryable, rowsOf: number): Promise<bigint | null> {
  const { rows } = await db.query<{ position: string }>(
    `SELECT position FROM ${SHARED_SCHEMA}.checkpoints WHERE generation = $1 AND projection = $2 FOR UPDATE`,
    [rowsOf, ORDERS_PROJECTION],
  );
  return rows[0] ? BigInt(rows[0].position) : null;
}

/** Positions of two event stores are not to be compared. */
async function sameStore(db: Queryable, one: number, other: number): Promise<boolean> {
  const { rows } = await db.query<{ stores: string }>(
    `SELECT count(DISTINCT store_id) AS stores FROM ${SHARED_SCHEMA}.made_from
     WHERE generation IN ($1, $2) AND projection = $3`,
    [one, other, ORDERS_PROJECTION],
  );
  return Number(rows[0]!.stores) <= 1;
}

async function drawsLevel(
  db: Queryable,
  { id, rowsOf, searchIndex }: Generation,
  activeRowsOf: number,
  wanted: bigint,
): Promise<boolean> {
  const untilMs = performance.now() + HELD_MAX_MS;
  for (;;) {
    const { rows } = await db.query<{ generation: number; projection: string; position: string }>(
      `SELECT generation, projection, position FROM ${SHARED_SCHEMA}.checkpoints
       WHERE (generation, projection) IN (($1, $3), ($2, $4))`,
      [rowsOf, id, ORDERS_PROJECTION, SEARCH_PROJECTION],
    );
    const positionOf = (name: string) =>
      BigInt(rows.find(({ projection }) => projection === name)?.position ?? -1n);
    const inRows = rowsOf === activeRowsOf || positionOf(ORDERS_PROJECTION) >= wanted;
    if (inRows && (searchIndex === null || positionOf(SEARCH_PROJECTION) >= wanted)) return true;
    if (performance.now() >= untilMs) return false;
    await delay(LOOK_EVERY_MS);
  }
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
