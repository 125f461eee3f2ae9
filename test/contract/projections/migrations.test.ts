import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type pg from 'pg';
import { dropGeneration } from '#read-models/generations/drop-generation.js';
import {
  createGeneration,
  prepareGeneration,
  prepareSharedTables,
} from '#read-models/generations/generation.js';
import { markReady } from '#read-models/generations/generation-states.js';
import { CannotMigrateDown, madeMigrations, migrate, migrateDown } from '#read-models/migrations/migrate.js';
import { migrations } from '#read-models/migrations/migrations.js';
import type { Migration } from '#read-models/migrations/migration.js';
import { topicEnds } from '#read-models/migrations/topic-ends.migration.js';
import { parkedEventsOf } from '#read-models/stores/quarantine.store.js';
import { freshDatabase, freshRole, testPool, withDefaults } from '../../support/database.js';
import { place, tags, WrittenOrder } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { laterCodec, UNKNOWN_TYPE } from '../../support/quarantine.js';
import { until } from '../../support/until.js';

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

/** Orders that release 0.1.0 has parked, of which one waits for an event that its stream lacks. */
const PARKED = `
INSERT INTO orderlog.quarantine (projection, generation, tenant_id, order_id, revision, position, reason, parked_at)
  VALUES ('orders', 2, 'default', '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a12', 4, 38, 'of no type', '2026-01-02T03:04:05Z'),
    ('orders', 2, 'default', '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a12', 5, 39, 'behind', '2026-01-02T03:04:06Z'),
    ('relay', 0, 'demo', '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a13', 1, NULL, 'it is missing', '2026-01-02T03:04:07Z');`;

/** What this release comes to know of them, and parks beside them. */
const KNOWN = `
UPDATE orderlog.quarantine SET type = 'OrderTeleported', event_id = '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a14', tries = 3
  WHERE projection = 'orders' AND revision = 4;
UPDATE orderlog.quarantine SET kind = 'behind', first_tried_at = NULL, last_tried_at = NULL
  WHERE projection = 'orders' AND revision = 5;
INSERT INTO orderlog.quarantine (projection, generation, tenant_id, order_id, revision, position, reason, event_id,
    type, kind, tries, next_try_at)
  VALUES ('orders', 2, 'demo', '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a15', 2, 41, 'it cannot be applied',
    '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a16', 'TagsChanged', 'transient', 2, now());
INSERT INTO orderlog.quarantine_actions (projection, generation, action, who, taken_at, done_at, succeeded, outcome)
  VALUES ('orders', 2, 'retry_all', 'ana', now(), now(), false, '0 of 1 parked orders are applied, 1 still parked');`;

describe('the shared tables', () => {
  let pool: pg.Pool;
  let database: Awaited<ReturnType<typeof freshDatabase>>;

  beforeEach(async () => {
    database = await freshDatabase();
    pool = testPool(database.url, 4);
  });
  afterEach(async () => {
    await pool.end();
    await database.drop();
  });

  /** The work of a role that may create no schemas, and has been given the shared one. */
  async function asRole(work: (theirs: pg.Pool, role: string) => Promise<void>): Promise<void> {
    const role = await freshRole();
    await pool.query(`CREATE SCHEMA orderlog AUTHORIZATION ${role.name}`);
    const theirs = testPool(role.urlOf(database), 1);
    try {
      await work(theirs, role.name);
    } finally {
      await theirs.end();
      await pool.query(`DROP OWNED BY ${role.name}`);
      await role.drop();
    }
  }

  it('are refused in one line in a database of another encoding', async () => {
    const ascii = await freshDatabase(undefined, `ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'`);
    const there = testPool(ascii.url, 1);
    await expect(prepareGeneration(there, null)).rejects.toThrow(
      /^the encoding of database t_\w+ is SQL_ASCII, and has to be UTF8: use another database,[^\n]*$/,
    );
    expect(await madeMigrations(there)).toEqual([]);
    await there.end();
    await ascii.drop();
  });

  it('are made in a schema that was given to a role which may create none', async () => {
    await pool.query('CREATE EXTENSION pg_trgm');
    await asRole(async (theirs) => {
      await prepareSharedTables(theirs);
      expect(await madeMigrations(theirs)).toHaveLength(migrations.length);
    });
  });

  const ORDER: Readonly<Record<string, string>> = { quarantine: 'projection, order_id, revision' };
  const rowsOf = async (table: string) => {
    const { rows } = await pool.query<Record<string, unknown>>(
      `SELECT * FROM orderlog.${table} ORDER BY ${ORDER[table] ?? '1, 2'}`,
    );
    return rows;
  };

  const LOCK = 0x6f726d67;
  /** Changes a table of others, `relays`; not every migration does. */
  const CHANGING = topicEnds.number;

  it('are not changed while a dump reads them: whoever reads them waits for no longer than a moment', async () => {
    await prepareSharedTables(pool);
    await migrateDown(pool, CHANGING - 1);
    const url = `${database.url}?application_name=pg_dump`;
    const dump = testPool(url, 1);
    const client = await dump.connect();
    await client.query('BEGIN; SELECT FROM orderlog.relays');
    const waits = new RegExp(
      `^migration ${CHANGING} \\(.+\\) waits for the shared tables, which are in use by PostgreSQL session \\d+ \\(pg_dump\\)$`,
    );

    const migrating = prepareSharedTables(pool).catch((error: unknown) => error);
    await until('it waits', async () => {
      const { rowCount } = await pool.query(
        `SELECT FROM pg_locks WHERE relation = 'orderlog.relays'::regclass AND NOT granted`,
      );
      return rowCount === 1;
    });
    const read = rowsOf('relays').catch((error: unknown) => error);
    expect(await migrating).toMatchObject({ message: expect.stringMatching(waits) });
    expect(await read).toEqual([]);
    expect((await madeMigrations(pool)).at(-1)!.number).toBe(CHANGING - 1);

    await client.query('COMMIT');
    await prepareSharedTables(pool);
    await client.query('BEGIN; SELECT FROM orderlog.relays');
    await expect(migrateDown(pool, CHANGING - 1)).rejects.toThrow(waits);
    await client.query('COMMIT');
    client.release();
    await dump.end();
    expect((await madeMigrations(pool)).at(-1)!.number).toBe(LAST);
  });

  it('are waited for while another process makes them, whatever the limit of the role', async () => {
    await withDefaults(database.url, [`lock_timeout = '10ms'`]);
    const other = await pool.connect();
    await other.query('SELECT pg_advisory_lock($1)', [LOCK]);
    const theirs = testPool(database.url, 1);
    const made = prepareSharedTables(theirs).then(
      () => 'made',
      (error: unknown) => error,
    );
    const waiting = until('it waits for longer than that limit', async () => {
      const { rowCount } = await pool.query(
        `SELECT FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()
           AND query_start < clock_timestamp() - interval '100 ms'`,
      );
      return rowCount === 1;
    });
    expect(await Promise.race([made, waiting])).toBe(true);
    await other.query('SELECT pg_advisory_unlock($1)', [LOCK]);
    other.release();
    expect(await made).toBe('made');
    await theirs.end();
  });

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

    const [checkpoints, madeFrom, relays] = before;
    const noneSent = { last_stream: null, last_revision: null, last_event_id: null, ends: null };
    const after = [checkpoints, madeFrom, relays!.map((row) => ({ ...row, ...noneSent }))];

    await migrate(pool, migrations);
    expect((await madeMigrations(pool)).map(({ number }) => number)).toEqual(
      migrations.map(({ number }) => number),
    );
    expect(await Promise.all(kept.map(rowsOf))).toEqual(after);
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
    expect(await Promise.all(kept.map(rowsOf))).toEqual(after);
  });

  it('keep what is parked, forward, back and forward again; only what release 0.1.0 does not know is lost going back', async () => {
    await pool.query(migrations[0]!.up);
    await pool.query(FILLED);
    await pool.query(PARKED);
    const old = await rowsOf('quarantine');
    expect(old).toHaveLength(4);

    await migrate(pool, migrations);
    // Of what earlier releases parked nothing else is known; whoever owns it tries it again.
    const forward = (rows: Record<string, unknown>[]) =>
      rows.map((row) => ({
        ...row,
        ...{ event_id: null, type: null, kind: 'permanent', tries: 1, next_try_at: null },
        ...{ first_tried_at: expect.any(Date), last_tried_at: expect.any(Date) },
      }));
    expect(await rowsOf('quarantine')).toEqual(forward(old));
    await pool.query(KNOWN);
    const known = await rowsOf('quarantine');
    expect(known).toHaveLength(5);

    await migrateDown(pool, 1);
    const back = await rowsOf('quarantine');
    expect(back.map((row) => Object.keys(row))).toEqual(back.map(() => Object.keys(old[0]!)));
    expect(known).toEqual(back.map((row) => expect.objectContaining(row)));

    await migrate(pool, migrations);
    expect(await rowsOf('quarantine')).toEqual(forward(back));
    expect(await rowsOf('quarantine_actions')).toEqual([]);
  });

  it('are made once by projectors that start together', async () => {
    const made = await Promise.all([1, 2, 3].map(() => prepareGeneration(pool, null)));
    expect(made.map(({ id }) => id)).toEqual([1, 1, 1]);
    expect(await madeMigrations(pool)).toHaveLength(migrations.length);
  });

  it('are refused in one line where the extension that searches need is missing, and may not be made', async () => {
    await asRole(async (theirs, role) => {
      await expect(prepareSharedTables(theirs)).rejects.toThrow(
        /^database t_\w+ lacks the extension pg_trgm \(permission denied [^\n]*\): run CREATE EXTENSION pg_trgm in it, as a superuser$/,
      );
      await pool.query('CREATE SCHEMA extensions; CREATE EXTENSION pg_trgm SCHEMA extensions');
      await prepareSharedTables(theirs);
      await pool.query(`GRANT CREATE ON DATABASE ${new URL(database.url).pathname.slice(1)} TO ${role}`);
      await expect(prepareGeneration(theirs, null)).rejects.toThrow(
        `pg_trgm is in schema extensions, which role ${role} may not use: GRANT USAGE ON SCHEMA extensions TO ${role}`,
      );
      await pool.query(`GRANT USAGE ON SCHEMA extensions TO ${role}`);
      expect((await prepareGeneration(theirs, null)).id).toBe(1);
    });
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
    await expect(migrateDown(pool, LAST)).rejects.toThrow(
      'is of a later release: use the orderctl of that release',
    );
    expect((await madeMigrations(pool)).at(-1)).toMatchObject({ number: LAST + 1 });
  });

  it('do not go back under a projector that runs, nor behind the first, and then nothing is undone', async () => {
    await prepareGeneration(pool, null);
    await pool.query(
      `INSERT INTO orderlog.leases (generation, projection, token, holder, expires_at, state, restarts)
       VALUES (1, 'orders', 1, 'somebody', now() + interval '1 minute', 'live', 0)`,
    );
    await expect(migrateDown(pool, 1)).rejects.toThrow('projector somebody is running: stop all projectors');
    await pool.query(`UPDATE orderlog.leases SET expires_at = now() - interval '1 second'`);
    await expect(migrateDown(pool, 0)).rejects.toBeInstanceOf(CannotMigrateDown);
    expect(await madeMigrations(pool)).toHaveLength(migrations.length);
  });

  /** All tables with all that is in them. */
  const everything = async () => {
    const { rows: tables } = await pool.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'orderlog' ORDER BY 1`,
    );
    const rows = await Promise.all(tables.map(async ({ name }) => [name, await rowsOf(name)]));
    return { ...(await shape()), rows };
  };
  const ORDER_ID = '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a12';

  const refusals: readonly (readonly [
    what: string,
    to: number,
    fill: () => Promise<unknown>,
    refusal: string,
    settle: () => Promise<unknown>,
  ])[] = [
    [
      'past events that people have decided to skip',
      3,
      () =>
        pool.query(
          `INSERT INTO orderlog.skips (projection, tenant_id, order_id, revision, reason, who)
           VALUES ('orders', 'default', '${ORDER_ID}', 4, 'of no release', 'ana')`,
        ),
      'migration 4 (quarantine) cannot be undone: people have decided to skip events, and an earlier release would apply them',
      () => pool.query('DELETE FROM orderlog.skips'),
    ],
    [
      'past a skip that was asked for and is not done',
      3,
      async () => {
        await prepareGeneration(pool, null);
        await createGeneration(pool, { indexPrefix: null, madeBy: 'replay' });
        await pool.query(
          `INSERT INTO orderlog.quarantine_actions (projection, generation, action, tenant_id, order_id, revision,
             reason, who, taken_at)
           VALUES ('orders', 2, 'skip', 'default', '${ORDER_ID}', 4, 'of no release', 'ana', now())`,
        );
      },
      'migration 4 (quarantine) cannot be undone: people have asked to skip events: have a projector of this release do it first',
      // Of a generation that is gone nobody would ever do it.
      () => dropGeneration(pool, 2, { removeIndex: null }),
    ],
    [
      'past a flip away from a generation that only this release remembers',
      7,
      async () => {
        await prepareGeneration(pool, null);
        await markReady(pool, await createGeneration(pool, { indexPrefix: null, madeBy: 'replay' }));
        await pool.query(`UPDATE orderlog.active_generation SET gone_back_from = '{2}'`);
      },
      'migration 8 (left generations) cannot be undone: a person has gone back from generation 2, and an earlier release may flip to it: drop it first',
      () => dropGeneration(pool, 2, { removeIndex: null }),
    ],
    [
      'while two generations share tables',
      1,
      async () => {
        const rowsOf = await prepareGeneration(pool, 'test');
        await createGeneration(pool, { indexPrefix: 'test', madeBy: 'replay', rowsOf });
      },
      'migration 2 (generations) cannot be undone: generation 2 shares the tables of another one: drop one of the two first',
      () => dropGeneration(pool, 2, { removeIndex: () => Promise.resolve() }),
    ],
  ];

  it.each(refusals)(
    'do not go back %s, and nothing is changed then',
    async (_, to, fill, refusal, settle) => {
      await prepareSharedTables(pool);
      await fill();
      // Of those that are undone before the one that refuses.
      await pool.query(
        `INSERT INTO orderlog.late_events VALUES ('default', 1, '${ORDER_ID}', 4);
       INSERT INTO orderlog.replays (generation, search_only, keep, ended_at) VALUES (1, false, false, now());`,
      );
      const before = await everything();
      const refused = migrateDown(pool, to);
      await expect(refused).rejects.toBeInstanceOf(CannotMigrateDown);
      await expect(refused).rejects.toMatchObject({ message: refusal });
      expect(await everything()).toEqual(before);

      await settle();
      await migrateDown(pool, to);
      expect((await madeMigrations(pool)).at(-1)!.number).toBe(to);
    },
  );
});

describe('an order that is parked', () => {
  let bench: ProjectionBench;
  beforeEach(async () => {
    bench = await ProjectionBench.open();
  });
  afterEach(() => bench.close());

  it('is still parked when the shared tables went back and forward, and a release that knows its event takes it on', async () => {
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order));
    await order.receives({ type: UNKNOWN_TYPE });
    await order.does(tags('behind'));
    const parked = () => parkedEventsOf(bench.pool, order.orderId);
    const first = bench.start();
    await bench.caughtUp(first);
    await first.stop();
    const before = await parked();
    expect(before.map(({ revision }) => revision)).toEqual([1, 2]);

    await migrateDown(bench.pool, 1);
    await prepareSharedTables(bench.pool);
    const kept = ({ revision, position, reason, parkedAt }: (typeof before)[number]) => ({
      ...{ revision, position, reason, parkedAt },
    });
    expect((await parked()).map(kept)).toEqual(before.map(kept));

    const again = bench.start();
    await until('it is tried again', async () => (await parked())[0]!.tries > 1);
    await again.stop();
    expect((await parked()).map(kept)).toEqual(before.map(kept));
    expect(await bench.verify()).toMatchObject({
      differences: [],
      parkedOrders: [{ revision: 1, events: 2 }],
    });

    bench.start({ codec: laterCodec });
    await until('nothing is parked', async () => (await parked()).length === 0);
    expect(await bench.rows('SELECT revision, tags FROM gen_1.orders')).toEqual([
      { revision: 2, tags: ['behind'] },
    ]);
  });
});
