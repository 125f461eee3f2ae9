import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { checkpointOf } from '../checkpoints.js';
import { activeGeneration, type Generation } from './generation.js';
import type { Queryable } from '../queryable.js';
import { noteShownByFlip } from '../late-events.js';
import { requireNoneShownOlder } from './orders-shown-older.js';
import { ORDERS_PROJECTION, SEARCH_PROJECTION } from '../orders.projection.js';
import { GENERATION_CHANNEL, SHARED_SCHEMA } from '../schema.js';
import { unaskedFlip } from './unasked-flip.js';

export interface FlipOptions {
  /** A person asked for the flip: projectors do not flip back. Otherwise it is made only where `unaskedFlip` is right. */
  readonly chosen: boolean;
  /** Of a replay: nobody has gone back from the generation that it replaces. */
  readonly isReplay?: boolean;
  /**
   * The last position of the event store. Needed only where rows may be further than that, as after the event
   * store was restored.
   */
  readonly storeEndsAt?: bigint;
  /**
   * Makes searches of the index see all that it has acknowledged. Also called while the active checkpoint is held,
   * so it has to be quick.
   */
  readonly refresh?: (searchIndex: string) => Promise<void>;
  /**
   * Flip also where the generation has parked what the active one applied. A release may park events that only the
   * release before it knew.
   */
  readonly evenOlder?: boolean;
}

/**
 * `behind`: the generation did not draw level while the active one was held. `locked`: another flip is under way,
 * or a long write to the rows of the active one. `not_right`: nobody asked for the flip, and it is not made unasked.
 */
export type FlipResult = 'flipped' | 'already_active' | 'behind' | 'locked' | 'not_right';

/** The generation is not `ready`: it was not verified yet, has failed, was set aside, or is dropped or being dropped. */
export class NotReady extends Error {}

/** How long the checkpoint of the active generation is held, so that the other one can draw level. */
const HELD_MAX_MS = 500;
const LOOK_EVERY_MS = 3;
const LOCK_TIMEOUT_MS = 2_000;
const LOCK_NOT_AVAILABLE = '55P03';
/**
 * After this time PostgreSQL ends the transaction of a flip that stands still: a process may hang or lose its
 * network, and nobody could write meanwhile.
 */
const STOPPED_AFTER_MS = 5_000;

/**
 * Makes this generation the active one: its tables and its index in one step. The checkpoint of the generation
 * active before is held meanwhile, and the flip is made only once this one has drawn level, so a read after the
 * flip shows no less than a read before it. Try again when it is `behind` or `locked`.
 *
 * @throws NotReady
 * @throws OrdersShownOlder where this generation has parked what the active one applied
 */
export async function tryFlip(
  pool: pg.Pool,
  generation: Generation,
  options: FlipOptions,
): Promise<FlipResult> {
  // An Elasticsearch that is away fails here: later, while the flip holds the checkpoint, no batch could be
  // written until the request has timed out.
  await refreshIndex(generation, options);
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
 * Tells before a flip, by all that both generations have read by now, whether it would be refused.
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

async function flipWithin(db: Queryable, generation: Generation, options: FlipOptions): Promise<FlipResult> {
  const active = await lockActive(db);
  if (active?.id === generation.id) return 'already_active';
  if (!options.chosen && (await unaskedFlip(db, generation)) !== 'right') return 'not_right';
  await requireReady(db, generation);
  const wanted = active === null ? null : await heldAt(db, active.rowsOf, generation, options);
  if (active !== null && wanted !== null && !(await drawsLevel(db, generation, active.rowsOf, wanted)))
    return 'behind';
  await refreshIndex(generation, options);
  if (active !== null && active.rowsOf !== generation.rowsOf) {
    await noteShownByFlip(db, active.rowsOf, generation);
    // Afterwards: `noteShownByFlip` has taken the lock of late events. Until this transaction ends, no parked event of
    // the active generation can be applied there.
    if (wanted !== null && !options.evenOlder)
      await requireNoneShownOlder(db, active.rowsOf, generation, wanted);
  }
  await db.query(
    `WITH flipped AS (
       INSERT INTO ${SHARED_SCHEMA}.active_generation AS a (generation, chosen) VALUES ($1, $2)
       ON CONFLICT ("only") DO UPDATE
       SET previous = a.generation, generation = excluded.generation, chosen = excluded.chosen,
         gone_back_from = CASE WHEN NOT excluded.chosen THEN a.gone_back_from
           ELSE array_remove(a.gone_back_from, excluded.generation)
             || CASE WHEN $3 THEN ARRAY[]::int[] ELSE ARRAY[a.generation] END END
     ), told AS (
       UPDATE ${SHARED_SCHEMA}.generations SET activated_at = clock_timestamp() WHERE id = $1 RETURNING id
     ) SELECT pg_notify('${GENERATION_CHANNEL}', id::text) FROM told`,
    [generation.id, options.chosen, options.isReplay ?? false],
  );
  return 'flipped';
}

async function refreshIndex({ searchIndex }: Generation, { refresh }: FlipOptions): Promise<void> {
  if (searchIndex !== null) await refresh?.(searchIndex);
}

/** Locks the active generation, so that flips happen one after the other; null: none is active. */
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

/** Holds the active checkpoint. @returns how far the generation has to come; null: the two cannot be compared */
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

/** Locks the checkpoint: no write moves it until the transaction ends. @returns how far the rows are */
async function hold(db: Queryable, rowsOf: number): Promise<bigint | null> {
  const { rows } = await db.query<{ position: string }>(
    `SELECT position FROM ${SHARED_SCHEMA}.checkpoints WHERE generation = $1 AND projection = $2 FOR UPDATE`,
    [rowsOf, ORDERS_PROJECTION],
  );
  return rows[0] ? BigInt(rows[0].position) : null;
}

/** Whether both are made from one event store: positions of two cannot be compared. */
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
