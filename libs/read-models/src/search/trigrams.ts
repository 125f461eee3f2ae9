import { isUnavailable } from '#platform/postgres.js';
import type { Queryable } from '../queryable.js';

/** Searches need the extension pg_trgm, and it is not there, or not for this role. The message says what to do. */
export class TrigramsMissing extends Error {}

interface Place {
  /** Of the extension, quoted where needed; null: the database does not have it. */
  readonly schema: string | null;
  readonly usable: boolean | null;
  readonly role: string;
  readonly database: string;
}

/**
 * The schema of pg_trgm, to be put into SQL as it is: managed servers have one for extensions, which sessions do not
 * look through. @throws TrigramsMissing
 */
export async function trigramSchema(db: Queryable): Promise<string> {
  const { schema, usable, role, database } = await placeOf(db);
  if (schema === null) throw missing(database);
  if (!usable) {
    throw new TrigramsMissing(
      `the extension pg_trgm is in schema ${schema}, which role ${role} may not use: GRANT USAGE ON SCHEMA ${schema} TO ${role}`,
    );
  }
  return schema;
}

/** Makes pg_trgm where the database does not have it yet. @throws TrigramsMissing */
export async function makeTrigrams(db: Queryable): Promise<void> {
  const { schema, database } = await placeOf(db);
  if (schema !== null) return;
  await db.query('CREATE EXTENSION pg_trgm').catch((error: unknown) => {
    throw isUnavailable(error) ? error : missing(database, error);
  });
}

/**
 * Has the statements that follow, in the transaction or in the whole session, find pg_trgm wherever it is.
 * @throws TrigramsMissing
 */
export async function findTrigrams(db: Queryable, until: 'transaction ends' | 'session ends'): Promise<void> {
  await db.query(
    `SELECT set_config('search_path', concat_ws(', ', nullif(current_setting('search_path'), ''), $1::text), $2)`,
    [await trigramSchema(db), until === 'transaction ends'],
  );
}

async function placeOf(db: Queryable): Promise<Place> {
  const { rows } = await db.query<Place>(
    `SELECT quote_ident(n.nspname) AS schema, has_schema_privilege(n.oid, 'USAGE') AS usable,
       quote_ident(current_user) AS role, quote_ident(current_database()) AS database
     FROM (VALUES ('pg_trgm')) AS needed (name)
     LEFT JOIN pg_extension e ON e.extname = needed.name
     LEFT JOIN pg_namespace n ON n.oid = e.extnamespace`,
  );
  return rows[0]!;
}

function missing(database: string, cause?: unknown): TrigramsMissing {
  const why = cause instanceof Error ? ` (${cause.message})` : '';
  return new TrigramsMissing(
    `database ${database} lacks the extension pg_trgm${why}: run CREATE EXTENSION pg_trgm in it, as a superuser`,
    { cause },
  );
}
