import type pg from 'pg';
import { createMissingSchema, requireUtf8 } from '#platform/postgres.js';
import type { Queryable } from '../queryable.js';
import { SHARED_SCHEMA } from '../schema.js';
import { makeTrigrams } from '../search/trigrams.js';
import type { Migration } from './migration.js';
import { migrations } from './migrations.js';

/** A migration that was made in the database. It may be of a later release, and unknown to this one. */
export interface MadeMigration {
  readonly number: number;
  readonly name: string;
  readonly expands: boolean;
  readonly madeAt: Date;
}

/** The tables are of a later release, in a way that this one cannot work with. */
export class SchemaTooNew extends Error {}

/** Why a migration cannot be undone. */
export class CannotMigrateDown extends Error {}

/** Others use the tables that a migration changes. Nothing was changed; it can be tried again. */
export class MigrationWaits extends Error {
  readonly #migration: Pick<Migration, 'number' | 'name'>;

  constructor(migration: Pick<Migration, 'number' | 'name'>, cause: unknown, users: readonly string[] = []) {
    const { number, name } = migration;
    const whose = users.length === 0 ? '' : ` by PostgreSQL session ${users.join(', ')}`;
    super(`migration ${number} (${name}) waits for the shared tables, which are in use${whose}`, { cause });
    this.#migration = migration;
  }

  /** The same, with those who use the tables. */
  usedBy(users: readonly string[]): MigrationWaits {
    return new MigrationWaits(this.#migration, this.cause, users);
  }
}

/**
 * While a migration waits for a table, whoever reads it waits behind the migration. So it never waits for long, as behind
 * a dump, but begins again. Yet longer than `deadlock_timeout` (1 s), after which PostgreSQL ends an autovacuum in its way.
 */
const LOCK_TIMEOUT_MS = 1_500;
const IN_USE = new Set(['55P03', '40P01']); // the lock was not to be had in time; a deadlock

// One process at a time makes tables: concurrent CREATE IF NOT EXISTS would fail on each other. The number differs
// from the event store's own (apps/event-store): both may be in one database, and that lock is held all the time.
const MIGRATION_LOCK = 0x6f726d67;

const MIGRATIONS_TABLE = `
${createMissingSchema(SHARED_SCHEMA)};
CREATE TABLE IF NOT EXISTS ${SHARED_SCHEMA}.migrations (
  number int PRIMARY KEY,
  name text NOT NULL,
  expands bool NOT NULL,
  made_at timestamptz NOT NULL DEFAULT now()
)`;

/** Makes the missing migrations, and does the work in the same transaction. @throws SchemaTooNew */
export function migrated<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return oneAtATime(pool, async (client) => {
    await migrate(client, migrations);
    return work(client);
  });
}

/** Does the work in a transaction that holds the migration lock. */
async function oneAtATime<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN; SET LOCAL lock_timeout = 0'); // the other process may take its time
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    client.release(true); // dropping the connection rolls back
    if (!(error instanceof MigrationWaits)) throw error;
    throw error.usedBy(await usersOfTables(pool).catch(() => []));
  }
}

/** Makes the missing migrations. To be called in a transaction that holds the lock. @throws SchemaTooNew */
export async function migrate(db: Queryable, known: readonly Migration[]): Promise<void> {
  await requireUtf8(db);
  const made = await madeMigrations(db);
  const unknown = made.filter(({ number }) => !known.some((one) => one.number === number));
  const contracting = unknown.find(({ expands }) => !expands);
  if (contracting) throw new SchemaTooNew(tooNew(contracting, known));
  const missing = known.filter(({ number }) => !made.some((one) => one.number === number));
  if (missing.length === 0) return;
  await makeTrigrams(db);
  await db.query(MIGRATIONS_TABLE);
  for (const { number, name, expands, up } of missing) {
    await changing(db, { number, name }, up);
    await db.query(`INSERT INTO ${SHARED_SCHEMA}.migrations (number, name, expands) VALUES ($1, $2, $3)`, [
      number,
      name,
      expands,
    ]);
  }
}

/** @throws MigrationWaits */
async function changing(
  db: Queryable,
  migration: Pick<Migration, 'number' | 'name'>,
  sql: string,
): Promise<void> {
  await db.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
  try {
    await db.query(sql);
  } catch (error) {
    const isInUse = error instanceof Error && 'code' in error && IN_USE.has(String(error.code));
    throw isInUse ? new MigrationWaits(migration, error) : error;
  }
  await db.query('SET LOCAL lock_timeout = 0');
}

/** The sessions in which the shared tables are in use, those first whose transaction began first. */
async function usersOfTables(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ session: string }>(
    `SELECT format('%s (%s)', a.pid, coalesce(nullif(a.application_name, ''), a.backend_type)) AS session FROM pg_stat_activity a
     WHERE a.pid <> pg_backend_pid() AND a.datname = current_database() AND EXISTS (
       SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
       WHERE l.pid = a.pid AND l.granted AND c.relnamespace = to_regnamespace('${SHARED_SCHEMA}'))
     ORDER BY a.xact_start LIMIT 3`,
  );
  return rows.map(({ session }) => session);
}

function tooNew({ number, name }: MadeMigration, known: readonly Migration[]): string {
  const last = known.at(-1)?.number ?? 0;
  return `the shared tables are of a later release (migration ${number}, ${name}), and this release cannot work with them: start that release, or go back with its orderctl migrations down ${last}`;
}

/** The migrations that were made in the database, in their order. */
export async function madeMigrations(db: Queryable): Promise<MadeMigration[]> {
  const { rows: there } = await db.query(
    `SELECT WHERE to_regclass('${SHARED_SCHEMA}.migrations') IS NOT NULL`,
  );
  if (there.length === 0) return [];
  const { rows } = await db.query<MadeMigration>(
    `SELECT number, name, expands, made_at AS "madeAt" FROM ${SHARED_SCHEMA}.migrations ORDER BY number`,
  );
  return rows;
}

/**
 * Undoes all after that number, the latest first, in one transaction.
 * @returns what was undone
 * @throws CannotMigrateDown: nothing was undone
 */
export function migrateDown(pool: pg.Pool, toNumber: number, known = migrations): Promise<Migration[]> {
  return oneAtATime(pool, async (client) => {
    const made = await madeMigrations(client);
    const undone = made.filter(({ number }) => number > toNumber).reverse();
    const steps = undone.map(({ number, name }) => {
      const step = known.find((one) => one.number === number);
      if (!step)
        throw new CannotMigrateDown(
          `migration ${number} (${name}) is of a later release: use the orderctl of that release`,
        );
      if (step.down === null)
        throw new CannotMigrateDown(`migration ${number} (${name}) is the first one, and cannot be undone`);
      return { ...step, down: step.down };
    });
    if (steps.length > 0) await requireNoOwner(client);
    for (const { number, name, down } of steps) {
      await changing(client, { number, name }, down).catch((error: unknown) => {
        if (error instanceof MigrationWaits) throw error;
        const why = error instanceof Error ? error.message : String(error);
        throw new CannotMigrateDown(`migration ${number} (${name}) cannot be undone: ${why}`, {
          cause: error,
        });
      });
      await client.query(`DELETE FROM ${SHARED_SCHEMA}.migrations WHERE number = $1`, [number]);
    }
    return steps;
  });
}

/** A projector that is running needs the tables which would be undone. @throws CannotMigrateDown */
async function requireNoOwner(db: Queryable): Promise<void> {
  const { rows } = await db.query<{ there: boolean }>(
    `SELECT to_regclass('${SHARED_SCHEMA}.leases') IS NOT NULL AS there`,
  );
  if (!rows[0]!.there) return;
  const { rows: owners } = await db.query<{ holder: string }>(
    `SELECT holder FROM ${SHARED_SCHEMA}.leases WHERE holder IS NOT NULL AND expires_at > now() LIMIT 1`,
  );
  if (owners[0]) {
    throw new CannotMigrateDown(
      `projector ${owners[0].holder} is running: stop all projectors first; the earlier release starts its own`,
    );
  }
}
