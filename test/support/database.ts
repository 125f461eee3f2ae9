import { randomUUID } from 'node:crypto';
import pg from 'pg';

/** A fresh database on the PostgreSQL of the test run. `drop` also ends its remaining connections. */
export async function freshDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const base = process.env['ORDERLOG_TEST_POSTGRES_URL'];
  if (!base) throw new Error('ORDERLOG_TEST_POSTGRES_URL is not set: run through jest');
  const name = `t_${randomUUID().replaceAll('-', '')}`;
  await onServer(base, `CREATE DATABASE ${name}`);
  const url = new URL(base);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(base, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function onServer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
