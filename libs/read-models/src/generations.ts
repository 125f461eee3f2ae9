import type pg from 'pg';
import {
  GENERATION_CHANNEL,
  READ_MODEL_FINGERPRINT,
  SHARED_SCHEMA,
  generationDdl,
  sharedDdl,
} from './schema.js';

/** A set of read tables: what one release reads and writes. */
export interface Generation {
  readonly id: number;
  /** The PostgreSQL schema with its tables; safe to put into SQL as it is. */
  readonly schema: string;
  readonly fingerprint: string;
}

/** A pool or a client. */
export type Queryable = Pick<pg.ClientBase, 'query'>;

interface GenerationRow {
  id: number;
  schema_name: string;
  fingerprint: string;
}

const UNDEFINED_TABLE = '42P01';
// One process at a time creates tables: concurrent CREATE IF NOT EXISTS would fail on each other.
const CREATION_LOCK = 0x6f72646c;

/** The generation that queries are answered from; null while there is none that this release can read. */
export async function activeGeneration(db: Queryable): Promise<Generation | null> {
  try {
    const { rows } = await db.query<GenerationRow>(
      `SELECT id, schema_name, fingerprint FROM ${SHARED_SCHEMA}.active_generation
       JOIN ${SHARED_SCHEMA}.generations ON id = generation WHERE fingerprint = $1`,
      [READ_MODEL_FINGERPRINT],
    );
    return rows[0] ? toGeneration(rows[0]) : null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === UNDEFINED_TABLE) return null; // no projector ran yet
    throw error;
  }
}

/**
 * The generation of this release, created empty when there is none. The very first becomes active at
 * once: an empty system is up to date.
 */
export async function prepareGeneration(pool: pg.Pool): Promise<Generation> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [CREATION_LOCK]);
    await client.query(sharedDdl);
    const generation = (await ownGeneration(client)) ?? (await createGeneration(client));
    await client.query(
      `WITH first AS (
         INSERT INTO ${SHARED_SCHEMA}.active_generation (generation) VALUES ($1)
         ON CONFLICT DO NOTHING RETURNING generation
       ) SELECT pg_notify('${GENERATION_CHANNEL}', generation::text) FROM first`,
      [generation.id],
    );
    await client.query('COMMIT');
    client.release();
    return generation;
  } catch (error) {
    client.release(true); // dropping the connection rolls back
    throw error;
  }
}

/** Lets queries be answered from this generation from now on. */
export async function activate(db: Queryable, generation: Generation): Promise<boolean> {
  const { rowCount } = await db.query(
    `WITH flipped AS (
       UPDATE ${SHARED_SCHEMA}.active_generation SET generation = $1 WHERE generation <> $1 RETURNING generation
     ) SELECT pg_notify('${GENERATION_CHANNEL}', generation::text) FROM flipped`,
    [generation.id],
  );
  return (rowCount ?? 0) > 0;
}

async function ownGeneration(db: Queryable): Promise<Generation | null> {
  const { rows } = await db.query<GenerationRow>(
    `SELECT id, schema_name, fingerprint FROM ${SHARED_SCHEMA}.generations WHERE fingerprint = $1`,
    [READ_MODEL_FINGERPRINT],
  );
  return rows[0] ? toGeneration(rows[0]) : null;
}

async function createGeneration(db: Queryable): Promise<Generation> {
  const { rows } = await db.query<{ id: number }>(
    `SELECT coalesce(max(id), 0) + 1 AS id FROM ${SHARED_SCHEMA}.generations`,
  );
  const id = rows[0]!.id;
  const schema = `gen_${id}`;
  await db.query(generationDdl(schema));
  await db.query(
    `INSERT INTO ${SHARED_SCHEMA}.generations (id, schema_name, fingerprint) VALUES ($1, $2, $3)`,
    [id, schema, READ_MODEL_FINGERPRINT],
  );
  return { id, schema, fingerprint: READ_MODEL_FINGERPRINT };
}

function toGeneration(row: GenerationRow): Generation {
  return { id: row.id, schema: row.schema_name, fingerprint: row.fingerprint };
}
