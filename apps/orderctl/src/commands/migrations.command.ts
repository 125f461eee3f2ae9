import type { Command } from 'commander';
import type pg from 'pg';
import {
  CannotMigrateDown,
  madeMigrations,
  migrateDown,
  MigrationWaits,
} from '#read-models/migrations/migrate.js';
import { migrations } from '#read-models/migrations/migrations.js';
import { CliError } from '../support/cli-error.js';
import { Connection, withConnection, type ConnectionOptions } from '../support/connection.js';
import { printJson, table } from '../support/output.js';
import { withPostgres } from '../support/postgres.js';
import { wholeNumber } from '../support/whole-number.js';

interface MigrationsOptions extends ConnectionOptions {
  readonly json?: boolean;
}

const migrationNumber = wholeNumber(
  0,
  999_999,
  'the number of a migration is needed: see `orderctl migrations list`',
);

export function addMigrationsCommand(program: Command): void {
  const command = program
    .command('migrations')
    .description(
      'list or undo migrations of the tables that are kept across releases; a projector applies them when it starts',
    );
  const list = command
    .command('list')
    .description('list the applied and the pending migrations')
    .option('--json', 'print the result as JSON');
  const down = command
    .command('down')
    .description('undo all migrations after the given one, for an earlier release that cannot work with them')
    .argument('<number>', 'number of the last migration that stays', migrationNumber)
    .option('--json', 'print the result as JSON');
  for (const one of [list, down]) withConnection(one, ['postgresUrl'], { token: false }).exitOverride();
  list.action((options: MigrationsOptions) => withTables(options, (pool) => runList(pool, options)));
  down.action((last: number, options: MigrationsOptions) =>
    withTables(options, (pool) => runDown(pool, last, options)),
  );
}

async function runList(pool: pg.Pool, { json }: MigrationsOptions): Promise<void> {
  const made = await madeMigrations(pool);
  const listed = [
    ...made.map(({ number, name, expands, madeAt }) => ({
      ...{ number, name, expands, madeAt: madeAt.toISOString() },
      ofThisRelease: migrations.some((one) => one.number === number),
    })),
    ...migrations
      .filter(({ number }) => !made.some((one) => one.number === number))
      .map(({ number, name, expands }) => ({ number, name, expands, madeAt: null, ofThisRelease: true })),
  ];
  if (json) return printJson(listed, { pretty: false });
  const lines = listed.map(({ number, name, expands, madeAt, ofThisRelease }) => [
    String(number),
    name,
    madeAt ?? 'pending: a projector of this release applies it',
    expands ? 'earlier releases work with it' : 'earlier releases do not work with it',
    ofThisRelease ? '' : 'of a later release',
  ]);
  console.log(table(lines));
}

async function runDown(pool: pg.Pool, last: number, { json }: MigrationsOptions): Promise<void> {
  const undone = (await migrateDown(pool, last)).map(({ number, name }) => ({ number, name }));
  if (json) return printJson(undone, { pretty: false });
  for (const { number, name } of undone) console.log(`migration ${number} (${name}) was undone`);
  if (undone.length === 0) console.log(`no migration after ${last} is applied: nothing to undo`);
  else console.log('a projector of this release would apply them again: start one of the earlier release');
}

async function withTables(options: MigrationsOptions, work: (pool: pg.Pool) => Promise<void>): Promise<void> {
  const url = await new Connection(options).address('postgresUrl');
  try {
    await withPostgres(url, 'orderctl migrations', work);
  } catch (error) {
    if (error instanceof MigrationWaits)
      throw new CliError(`${error.message}; nothing was undone: try again`);
    throw error instanceof CannotMigrateDown ? new CliError(error.message) : error;
  }
}
