import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { prepareGeneration } from '#read-models/generations.js';
import { CannotMigrateDown, madeMigrations, migrate, migrateDown } from '#read-models/migrations/migrate.js';
import { migrations } from '#read-models/migrations/migrations.js';
import type { Migration } from '#read-models/migrations/migration.js';
import { freshDatabase } from '../../support/database.js';
import { ENGINES_MS } from '../../support/projections.js';

jest.setTimeout(ENGINES_MS);

const LAST = migrations.at(-1)!.number;

/** What people and projectors left in the tables of release 0.1.0. */
const FILLED = `
INSERT INTO orderlog.generations (id, schema_name, fingerprint, search_index)
  VALUES (1, 'gen_1', 'set aside: 1 one', NULL), (2, 'gen_2', 'one', NULL), (3, 'gen_3', 'two', 'orders-3-0a0b0c0d');
INSERT INTO orderlog.active_generation (generation) VALUES (2);
INSERT INTO orderlog.checkpoints (generation, projection, position, write_seq)
  VALUES (2, 'orders', 41, NULL), (3, 'orders', 40, NULL), (3, 'search', 39, 7);
INSERT INTO orderlog.made_from VALUES (2, 'orders', '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a11');
INSERT INTO orderlog.relays (cluster_id, topic, position) VALUES ('c', 'orders.events.v1', 12);
INSERT INTO orderlog.quarantine (projection, generation, tenant_id, order_id, revision, reason)
  VALUES ('search', 3, 'default', '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a12', 4, 'refused');`;

describe('the shared tables', () => {
  let pool: pg.Pool;
  let drop: () => Promise<void>;

  beforeEach(async () => {
    const database = await freshDatabase();
    drop = database.drop;
    pool = new pg.Pool({ connectionString: database.url, max: 4 });
  });
  afterEach(async () => {
    await pool.end();
    await drop();
  });

  const rowsOf = async (table: string) => {
    const { rows } = await pool.query<Record<string, unknown>>(
      `SELECT * FROM orderlog.${table} ORDER BY 1, 2`,
    );
    return rows;
  };

  /** Every column, constraint and index of the shared tables, but of the list of migrations. */
  const shape = async () => {
    const { rows: columns } = await pool.query(
      `SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
       WHERE table_schema = 'orderlog' AND table_name <> 'migrations' ORDER BY 1, 2`,
    );
    const { rows: constraints } = await pool.query(
      `SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
       WHERE connamespace = 'orderlog'::regnamespace AND conrelid <> 'orderlog.migrations'::regclass ORDER BY 1, 2`,
    );
    const { rows: indexes } = await pool.query(
      `SELECT indexdef FROM pg_indexes WHERE schemaname = 'orderlog' AND tablename <> 'migrations' ORDER BY 1`,
    );
    return { columns, constraints, indexes };
  };

  it('of release 0.1.0 become those of this one and go back, with all that is in them', async () => {
    await pool.query(migrations[0]!.up);
    await pool.query(FILLED);
    const kept = ['checkpoints', 'made_from', 'relays'];
    const before = await Promise.all(kept.map(rowsOf));
    await migrate(pool, [migrations[0]!]);
    const baseline = await shape();
    const old = await rowsOf('generations');

    await migrate(pool, migrations);
    expect((await madeMigrations(pool)).map(({ number }) => number)).toEqual(
      migrations.map(({ number }) => number),
    );
    expect(await Promise.all(kept.map(rowsOf))).toEqual(before);
    expect(await rowsOf('quarantine')).toMatchObject([
      { order_id: '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a12', reason: 'refused' },
    ]);
    expect(await rowsOf('generations')).toMatchObject([
      { id: 1, state: 'set_aside', fingerprint: 'one' },
      { id: 2, state: 'ready', fingerprint: 'one' },
      { id: 3, state: 'building', fingerprint: 'two', search_index: 'orders-3-0a0b0c0d' },
    ]);
    const whole = await shape();

    expect((await migrateDown(pool, 1)).map(({ number }) => number)).toEqual(
      migrations
        .slice(1)
        .map(({ number }) => number)
        .reverse(),
    );
    expect(await shape()).toEqual(baseline);
    expect(await rowsOf('generations')).toEqual(old);
    expect(await Promise.all(kept.map(rowsOf))).toEqual(before);

    await migrate(pool, migrations);
    expect(await shape()).toEqual(whole);
    expect(await Promise.all(kept.map(rowsOf))).toEqual(before);
  });

  it('are made once by projectors that start together', async () => {
    const made = await Promise.all([1, 2, 3].map(() => prepareGeneration(pool, null)));
    expect(made.map(({ id }) => id)).toEqual([1, 1, 1]);
    expect(await madeMigrations(pool)).toHaveLength(migrations.length);
  });

  const later = (expands: boolean): Migration[] => [
    ...migrations,
    {
      number: LAST + 1,
      name: 'later',
      expands,
      up: 'CREATE TABLE orderlog.later ()',
      down: 'DROP TABLE orderlog.later',
    },
  ];

  it('of a later release are worked with where it only added to them, and refused in one line where it did not', async () => {
    await migrate(pool, later(true));
    await prepareGeneration(pool, null);
    await migrateDown(pool, LAST, later(true));
    await migrate(pool, later(false));
    await expect(prepareGeneration(pool, null)).rejects.toThrow(
      new RegExp(
        `of a later release \\(migration ${LAST + 1}, later\\)[^\\n]*orderctl migrations down ${LAST}$`,
      ),
    );
    await expect(migrateDown(pool, LAST)).rejects.toThrow('is of a later release: use its orderctl');
    expect((await madeMigrations(pool)).at(-1)).toMatchObject({ number: LAST + 1 });
  });

  it('do not go back under a projector that runs, nor behind the first, and then nothing is undone', async () => {
    await prepareGeneration(pool, null);
    await pool.query(
      `INSERT INTO orderlog.leases (generation, projection, token, holder, expires_at, state, restarts)
       VALUES (1, 'orders', 1, 'somebody', now() + interval '1 minute', 'live', 0)`,
    );
    await expect(migrateDown(pool, 1)).rejects.toThrow('projector somebody is running: stop the projectors');
    await pool.query(`UPDATE orderlog.leases SET expires_at = now() - interval '1 second'`);
    await expect(migrateDown(pool, 0)).rejects.toBeInstanceOf(CannotMigrateDown);
    expect(await madeMigrations(pool)).toHaveLength(migrations.length);
  });
});
