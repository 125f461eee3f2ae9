import type pg from 'pg';
import type { Queryable } from '../queryable.js';
import { createSharedSchema, SHARED_SCHEMA } from '../schema.js';
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

// One process at a time makes tables: concurrent CREATE IF NOT EXISTS would fail on each other. The number differs
// from the event store's own (apps/event-store): both may be in one database, and that lock is held all the time.
const MIGRATION_LOCK = 0x6f726d67;

const MIGRATIONS_TABLE = `
${createSharedSchema};
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
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    client.release(true); // dropping the connection rolls back
    throw error;
  }
}

/** Makes the missing migrations. To be called in a transaction that holds the lock. @throws SchemaTooNew */
export async function migrate(db: Queryable, known: readonly Migration[]): Promise<void> {
  const made = await madeMigrations(db);
  const unknown = made.filter(({ number }) => !known.some((one) => one.number === number));
  const contracting = unknown.find(({ expands }) => !expands);
  if (contracting) throw new SchemaTooNew(tooNew(contracting, known));
  const missing = known.filter(({ number }) => !made.some((one) => one.number === number));
  if (missing.length === 0) return;
  await makeTrigrams(db);
  await db.query(MIGRATIONS_TABLE);
  for (const { number, name, expands, up } of missing) {
    await db.query(up);
    await db.query(`INSERT INTO ${SHARED_SCHEMA}.migrations (number, name, expands) VALUES ($1, $2, $3)`, [
      number,
      name,
      expands,
    ]);
  }
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
      await client.query(down).catch((error: unknown) => {
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
