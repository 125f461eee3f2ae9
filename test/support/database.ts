import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { outliveLosses } from '#platform/postgres.js';

/**
 * A fresh database on the PostgreSQL of the test run. `drop` also ends its remaining connections.
 *
 * @param copied the database that it is a copy of; nobody may be connected to that
 * @param options of CREATE DATABASE
 */
export async function freshDatabase(
  copied?: { readonly url: string },
  options = '',
): Promise<{ url: string; drop: () => Promise<void> }> {
  const base = process.env['ORDERLOG_TEST_POSTGRES_URL'];
  if (!base) throw new Error('ORDERLOG_TEST_POSTGRES_URL is not set: run through jest');
  const name = `t_${randomUUID().replaceAll('-', '')}`;
  const template = copied === undefined ? '' : ` TEMPLATE ${new URL(copied.url).pathname.slice(1)}`;
  await onServer(base, `CREATE DATABASE ${name}${template} ${options}`);
  const url = new URL(base);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => execute(base, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** Gives a database defaults of its own (`name = value`), for all sessions that begin from now on. */
export function withDefaults(url: string, settings: readonly string[]): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  return execute(url, settings.map((setting) => `ALTER DATABASE ${name} SET ${setting}`).join(';'));
}

/**
 * A fresh role on the PostgreSQL of the test run, which may nothing. To be dropped after the databases in which it was
 * given or made something.
 *
 * @returns its name, and the address of a database as that role
 */
export async function freshRole(): Promise<{
  name: string;
  urlOf: (database: { readonly url: string }) => string;
  drop: () => Promise<void>;
}> {
  const base = process.env['ORDERLOG_TEST_POSTGRES_URL']!;
  const name = `r_${randomUUID().replaceAll('-', '')}`;
  await onServer(base, `CREATE ROLE ${name} LOGIN PASSWORD '${name}'`);
  const urlOf = (database: { readonly url: string }) =>
    Object.assign(new URL(database.url), { username: name, password: name }).href;
  return { name, urlOf, drop: () => execute(base, `DROP ROLE ${name}`) };
}

/** To look into a database that is dropped later: a connection that is ending may still be told that its database goes. */
export function testPool(url: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max });
  outliveLosses(pool);
  return pool;
}

async function execute(url: string, sql: string): Promise<void> {
  await onServer(url, sql);
}

/** Sends SQL in a session of its own. */
export async function onServer<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}
