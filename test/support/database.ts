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
  return { url: url.href, drop: () => onServer(base, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** Gives a database defaults of its own (`name = value`), for all sessions that begin from now on. */
export function withDefaults(url: string, settings: readonly string[]): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  return onServer(url, settings.map((setting) => `ALTER DATABASE ${name} SET ${setting}`).join(';'));
}

/** To look into a database that is dropped later: a connection that is ending may still be told that its database goes. */
export function testPool(url: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max });
  outliveLosses(pool);
  return pool;
}

export async function onServer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
