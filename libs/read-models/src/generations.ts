import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import {
  GENERATION_CHANNEL,
  SHARED_SCHEMA,
  generationDdl,
  readModelFingerprints,
  sharedDdl,
} from './schema.js';
import type { SearchEngine } from './search/search-engine.js';

/** A set of read tables and, where there is one, their search index: what one release reads and writes. */
export interface Generation {
  readonly id: number;
  /** The PostgreSQL schema with its tables; safe to put into SQL as it is. */
  readonly schema: string;
  readonly fingerprint: string;
  /** Of Elasticsearch; null: its tables are searched. */
  readonly searchIndex: string | null;
}

/** A pool or a client. */
export type Queryable = Pick<pg.ClientBase, 'query'>;

interface GenerationRow {
  id: number;
  schema_name: string;
  fingerprint: string;
  search_index: string | null;
}

const UNDEFINED_TABLE = '42P01';
// One process at a time creates tables: concurrent CREATE IF NOT EXISTS would fail on each other.
// Another than the event store's own (apps/event-store): both may be in one database, and that one is held for ever.
const CREATION_LOCK = 0x6f726d67;
const COLUMNS = 'id, schema_name, fingerprint, search_index';

/** The generation that queries are answered from; null while there is none that this release can read. */
export async function activeGeneration(db: Queryable): Promise<Generation | null> {
  try {
    const { rows } = await db.query<GenerationRow>(
      `SELECT ${COLUMNS} FROM ${SHARED_SCHEMA}.active_generation
       JOIN ${SHARED_SCHEMA}.generations ON id = generation WHERE fingerprint = ANY($1)`,
      [Object.values(readModelFingerprints)],
    );
    return rows[0] ? toGeneration(rows[0]) : null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === UNDEFINED_TABLE) return null; // no projector ran yet
    throw error;
  }
}

/** The generation with that number, whichever release it belongs to. @throws when there is none */
export async function generationNumber(db: Queryable, id: number): Promise<Generation> {
  const { rows } = await db.query<GenerationRow>(
    `SELECT ${COLUMNS} FROM ${SHARED_SCHEMA}.generations WHERE id = $1`,
    [id],
  );
  if (!rows[0]) throw new Error(`there is no generation ${id}`);
  return toGeneration(rows[0]);
}

/**
 * The generation of this release, created empty when there is none. The very first becomes active at
 * once: an empty system is up to date.
 *
 * @param indexPrefix what the name of its search index begins with; null: PostgreSQL searches its tables
 */
export function prepareGeneration(pool: pg.Pool, indexPrefix: string | null): Promise<Generation> {
  return withSharedTables(pool, async (client) => {
    const generation =
      (await ownGeneration(client, indexPrefix)) ?? (await createGeneration(client, indexPrefix));
    await client.query(
      `WITH first AS (
         INSERT INTO ${SHARED_SCHEMA}.active_generation (generation) VALUES ($1)
         ON CONFLICT DO NOTHING RETURNING generation
       ) SELECT pg_notify('${GENERATION_CHANNEL}', generation::text) FROM first`,
      [generation.id],
    );
    return generation;
  });
}

/** Creates what all generations share, for whom needs no generation. */
export function prepareSharedTables(pool: pg.Pool): Promise<void> {
  return withSharedTables(pool, async () => {});
}

/** In one transaction. */
async function withSharedTables<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [CREATION_LOCK]);
    await client.query(sharedDdl);
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    client.release(true); // dropping the connection rolls back
    throw error;
  }
}

/** Lets queries be answered from this generation from now on. */
export async function activate(db: Queryable, generation: Pick<Generation, 'id'>): Promise<boolean> {
  const { rowCount } = await db.query(
    `WITH flipped AS (
       UPDATE ${SHARED_SCHEMA}.active_generation SET generation = $1 WHERE generation <> $1 RETURNING generation
     ) SELECT pg_notify('${GENERATION_CHANNEL}', generation::text) FROM flipped`,
    [generation.id],
  );
  return (rowCount ?? 0) > 0;
}

async function ownGeneration(db: Queryable, indexPrefix: string | null): Promise<Generation | null> {
  const { rows } = await db.query<GenerationRow>(
    `SELECT ${COLUMNS} FROM ${SHARED_SCHEMA}.generations WHERE fingerprint = $1`,
    [readModelFingerprints[engineOf(indexPrefix)]],
  );
  return rows[0] ? toGeneration(rows[0]) : null;
}

async function createGeneration(db: Queryable, indexPrefix: string | null): Promise<Generation> {
  const { rows } = await db.query<{ id: number }>(
    `SELECT coalesce(max(id), 0) + 1 AS id FROM ${SHARED_SCHEMA}.generations`,
  );
  const engine = engineOf(indexPrefix);
  const generation = {
    id: rows[0]!.id,
    schema: `gen_${rows[0]!.id}`,
    fingerprint: readModelFingerprints[engine],
    searchIndex: indexPrefix === null ? null : newIndexName(`${indexPrefix}-${rows[0]!.id}`),
  };
  await db.query(generationDdl(generation.schema, engine));
  await db.query(`INSERT INTO ${SHARED_SCHEMA}.generations (${COLUMNS}) VALUES ($1, $2, $3, $4)`, [
    generation.id,
    generation.schema,
    generation.fingerprint,
    generation.searchIndex,
  ]);
  return generation;
}

/**
 * Never one that was there before: two systems may share one Elasticsearch, and a lost database may be
 * followed by another.
 * @param like `<prefix>-<generation>`, or the name of the index that it takes the place of
 */
export function newIndexName(like: string): string {
  return `${like.replace(/(-\d+)-[0-9a-f]{8}$/, '$1')}-${randomBytes(4).toString('hex')}`;
}

function engineOf(indexPrefix: string | null): SearchEngine {
  return indexPrefix === null ? 'postgres' : 'elasticsearch';
}

function toGeneration(row: GenerationRow): Generation {
  const { id, schema_name: schema, fingerprint, search_index: searchIndex } = row;
  return { id, schema, fingerprint, searchIndex };
}
