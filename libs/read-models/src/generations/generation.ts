import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { indexStatements, tablesDdl } from './generation-ddl.js';
import type { Queryable } from '../queryable.js';
import { migrated } from '../migrations/migrate.js';
import { readModelFingerprints } from '../read-model-fingerprints.js';
import { GENERATION_CHANNEL, SHARED_SCHEMA } from '../schema.js';
import type { SearchEngine } from '../search/search-engine.js';
import { findTrigrams } from '../search/trigrams.js';
import { rowsOrNone } from '../stores/rows-or-none.js';

/** A set of read tables and, where there is one, their search index: what one release reads and writes. */
export interface Generation {
  readonly id: number;
  /** The PostgreSQL schema with its tables; safe to put into SQL as it is. */
  readonly schema: string;
  readonly fingerprint: string;
  /** Name of its Elasticsearch index; null: its tables are searched. */
  readonly searchIndex: string | null;
  /** The generation whose projection `orders` writes these tables: itself, unless only its index was made anew. */
  readonly rowsOf: number;
}

export interface GenerationRow {
  readonly id: number;
  readonly schema_name: string;
  readonly fingerprint: string;
  readonly search_index: string | null;
  readonly rows_of: number;
}

export const GENERATION_COLUMNS =
  'g.id, g.schema_name, g.fingerprint, g.search_index, coalesce(g.rows_of, g.id) AS rows_of';

// While a generation of another release is active, this release reads its own generation that was active last,
// provided that it is as far. So its processes can be restarted during the change of releases, and reads never go
// back in time.
const ACTIVE = `
  SELECT ${GENERATION_COLUMNS} FROM ${SHARED_SCHEMA}.active_generation a
  JOIN ${SHARED_SCHEMA}.generations active ON active.id = a.generation
  JOIN ${SHARED_SCHEMA}.generations g ON g.id = a.generation
    OR (active.fingerprint <> ALL ($1) AND g.activated_at IS NOT NULL AND g.state = 'ready'
      AND (SELECT max(position) FROM ${SHARED_SCHEMA}.checkpoints c
           WHERE c.generation = coalesce(g.rows_of, g.id) AND c.projection = 'orders')
        >= (SELECT max(position) FROM ${SHARED_SCHEMA}.checkpoints c
            WHERE c.generation = coalesce(active.rows_of, active.id) AND c.projection = 'orders'))
  WHERE g.fingerprint = ANY ($1)
  ORDER BY g.activated_at DESC NULLS LAST LIMIT 1`;

/** The generation that queries are answered from; null while there is none that this release can read. */
export async function activeGeneration(db: Queryable): Promise<Generation | null> {
  const [row] = await rowsOrNone<GenerationRow>(db, ACTIVE, [Object.values(readModelFingerprints)]);
  return row ? toGeneration(row) : null;
}

/** No generation that this release can read is active. */
export class NoReadModels extends Error {
  constructor() {
    super('there are no read models of this release: start its projector, which builds them');
  }
}

/** As `activeGeneration`, for a caller that can do nothing without one. @throws NoReadModels */
export async function requireActiveGeneration(db: Queryable): Promise<Generation> {
  const active = await activeGeneration(db);
  if (active === null) throw new NoReadModels();
  return active;
}

/** The generation with that number, of whichever release. @throws NoSuchGeneration when there is none */
export async function generationById(db: Queryable, id: number): Promise<Generation> {
  const { rows } = await db.query<GenerationRow>(
    `SELECT ${GENERATION_COLUMNS} FROM ${SHARED_SCHEMA}.generations g WHERE g.id = $1 AND g.state <> 'dropped'`,
    [id],
  );
  if (!rows[0]) throw new NoSuchGeneration(`there is no generation ${id}`);
  return toGeneration(rows[0]);
}

export class NoSuchGeneration extends Error {}

/**
 * The build of a generation failed. Another build would fail too, and take as much space again: a person has to
 * look first.
 */
export class BuildFailed extends Error {
  constructor({ id, failure }: { readonly id: number; readonly failure: string }) {
    super(`generation ${id} failed: ${failure}; run orderctl generations drop ${id} to have it built again`);
  }
}

/**
 * The generation that a projector of this release keeps: the active one, else the one that was active last, else
 * one that a projector began to build. When there is none, a new and empty one is created. The very first becomes
 * active at once: an empty system is up to date.
 *
 * @param indexPrefix what the name of its search index begins with; null: PostgreSQL searches its tables
 * @throws BuildFailed
 */
export function prepareGeneration(pool: pg.Pool, indexPrefix: string | null): Promise<Generation> {
  return migrated(pool, async (client) => {
    const generation =
      (await ownGeneration(client, indexPrefix)) ??
      (await insertGeneration(client, { indexPrefix, madeBy: 'projector' }));
    await client.query(
      `WITH first AS (
         INSERT INTO ${SHARED_SCHEMA}.active_generation (generation) VALUES ($1)
         ON CONFLICT DO NOTHING RETURNING generation
       ), ready AS (
         UPDATE ${SHARED_SCHEMA}.generations SET state = 'ready', activated_at = now()
         WHERE id = (SELECT generation FROM first)
       ) SELECT pg_notify('${GENERATION_CHANNEL}', generation::text) FROM first`,
      [generation.id],
    );
    return generation;
  });
}

export interface NewGeneration {
  /** What the name of its search index begins with; null: PostgreSQL searches its tables. */
  readonly indexPrefix: string | null;
  /** Who fills it. A projector leaves the build of a replay alone until it is ready. */
  readonly madeBy: 'projector' | 'replay';
  /** Its tables get no keys and indexes, for a bulk load; the loader runs `indexStatements` afterwards. */
  readonly bulk?: boolean;
  /** It gets no tables of its own, but reads those of this generation, beside an index of its own. */
  readonly rowsOf?: Generation;
}

/** Creates another generation of this release, in the state `building`, beside those that exist. */
export function createGeneration(pool: pg.Pool, options: NewGeneration): Promise<Generation> {
  return migrated(pool, (client) => insertGeneration(client, options));
}

/** Creates the tables that all generations share, for a caller that needs no generation. */
export function prepareSharedTables(pool: pg.Pool): Promise<void> {
  return migrated(pool, async () => {});
}

async function ownGeneration(db: Queryable, indexPrefix: string | null): Promise<Generation | null> {
  const { rows } = await db.query<GenerationRow & { state: string; failure: string }>(
    `SELECT ${GENERATION_COLUMNS}, g.state, g.failure FROM ${SHARED_SCHEMA}.generations g
     WHERE g.fingerprint = $1
       AND (g.state = 'ready' OR (g.state IN ('building', 'failed') AND g.made_by = 'projector'))
     ORDER BY g.id = (SELECT generation FROM ${SHARED_SCHEMA}.active_generation) DESC,
       g.activated_at DESC NULLS LAST, g.state = 'ready' DESC, g.id DESC LIMIT 1`,
    [readModelFingerprints[engineOf(indexPrefix)]],
  );
  const [row] = rows;
  if (row?.state === 'failed') throw new BuildFailed(row);
  return row ? toGeneration(row) : null;
}

async function insertGeneration(
  db: Queryable,
  { indexPrefix, madeBy, bulk = false, rowsOf }: NewGeneration,
): Promise<Generation> {
  const { rows } = await db.query<{ id: number }>(
    `SELECT coalesce(max(id), 0) + 1 AS id FROM ${SHARED_SCHEMA}.generations`,
  );
  const { id } = rows[0]!;
  const engine = engineOf(indexPrefix);
  const generation: Generation = {
    id,
    schema: rowsOf?.schema ?? `gen_${id}`,
    fingerprint: readModelFingerprints[engine],
    searchIndex: indexPrefix === null ? null : newIndexName(`${indexPrefix}-${id}`),
    rowsOf: rowsOf?.rowsOf ?? id,
  };
  if (rowsOf) await requireShareable(db, rowsOf, generation.fingerprint);
  else {
    if (engine === 'postgres') await findTrigrams(db, 'transaction ends');
    await db.query(tablesDdl(generation.schema, engine));
    for (const statement of bulk ? [] : indexStatements(generation.schema, engine)) await db.query(statement);
  }
  await db.query(
    `INSERT INTO ${SHARED_SCHEMA}.generations (id, schema_name, fingerprint, search_index, rows_of, made_by)
     VALUES ($1, $2, $3, $4, nullif($5::int, $1), $6)`,
    [id, generation.schema, generation.fingerprint, generation.searchIndex, generation.rowsOf, madeBy],
  );
  return generation;
}

/** Locks the generation until the transaction ends, so that its tables are not dropped meanwhile. */
async function requireShareable(db: Queryable, { id }: Generation, fingerprint: string): Promise<void> {
  const { rowCount } = await db.query(
    `SELECT FROM ${SHARED_SCHEMA}.generations WHERE id = $1 AND state = 'ready' AND fingerprint = $2 FOR UPDATE`,
    [id, fingerprint],
  );
  if (rowCount !== 1)
    throw new Error(
      `the rows of generation ${id} cannot be shared: it is not ready, or it is of another release`,
    );
}

/**
 * A name that no index had before: two systems may share one Elasticsearch, and a new database may follow a lost
 * one.
 * @param like `<prefix>-<generation>`, or the name of the index that is replaced
 */
export function newIndexName(like: string): string {
  return `${like.replace(/(-\d+)-[0-9a-f]{8}$/, '$1')}-${randomBytes(4).toString('hex')}`;
}

/** The prefix of an index's name: all before the number of its generation. */
export function prefixOfIndexName(indexName: string): string {
  return indexName.replace(/-\d+-[0-9a-f]{8}$/, '');
}

export function engineOf(indexName: string | null): SearchEngine {
  return indexName === null ? 'postgres' : 'elasticsearch';
}

export function toGeneration(row: GenerationRow): Generation {
  const { id, schema_name: schema, fingerprint, search_index: searchIndex, rows_of: rowsOf } = row;
  return { id, schema, fingerprint, searchIndex, rowsOf };
}
