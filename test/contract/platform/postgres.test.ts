import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { startEmbeddedPostgres } from '#platform/embedded-postgres.js';
import { freePort } from '#platform/free-port.js';
import { createPool, endConnection, isUnavailable } from '#platform/postgres.js';
import { freshDatabase } from '../../support/database.js';
import { startTcpProxy, through } from '../../support/tcp-proxy.js';

const options = { max: 2, applicationName: 'pool-test', statementTimeoutMs: 0 };
const failure = (query: Promise<unknown>) =>
  query.then(
    () => null,
    (error: unknown) => error,
  );

describe('a pool', () => {
  it('survives its connections being ended: idle, in use, or lent out with nothing under way', async () => {
    const database = await freshDatabase();
    const pool = createPool(database.url, options);
    const admin = createPool(database.url, { ...options, applicationName: 'admin' });
    const end = () =>
      admin.query(
        `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE application_name = 'pool-test' AND datname = current_database()`,
      );

    await pool.query('SELECT 1');
    const dropped = new Promise((done) => pool.once('remove', done));
    await end();
    await dropped;
    expect(await failure(pool.query('SELECT 1'))).toBeNull();

    const sleeping = failure(pool.query('SELECT pg_sleep(60)'));
    await untilRunning(admin);
    await end();
    expect(isUnavailable(await sleeping)).toBe(true);
    expect(await failure(pool.query('SELECT 1'))).toBeNull();

    const lent = await pool.connect();
    const ended = new Promise((done) => lent.once('end', done));
    await end();
    await ended;
    expect(isUnavailable(await failure(lent.query('SELECT 1')))).toBe(true);
    lent.release(true);
    expect(await failure(pool.query('SELECT 1'))).toBeNull();

    await Promise.all([pool.end(), admin.end()]);
    await database.drop();
  }, 30_000);

  it('says that the server is away, and works again when it is back', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'orderlog-pool-'));
    const port = await freePort();
    const settings = { fsync: 'off' }; // it is stopped, and does not crash
    const first = await startEmbeddedPostgres({ dataDir, port, settings });
    const pool = createPool(first.url, options);
    await pool.query('SELECT 1');
    await first.stop();
    expect(isUnavailable(await failure(pool.query('SELECT 1')))).toBe(true);
    const second = await startEmbeddedPostgres({ dataDir, port, settings });
    expect(await failure(pool.query('SELECT 1'))).toBeNull();
    await pool.end();
    await second.stop();
    await rm(dataDir, { recursive: true });
  }, 90_000);

  it('ends a statement that takes too long, which is no outage', async () => {
    const database = await freshDatabase();
    const pool = createPool(database.url, { ...options, statementTimeoutMs: 50 });
    const error = await failure(pool.query('SELECT pg_sleep(60)'));
    expect([(error as { code: string }).code, isUnavailable(error)]).toEqual(['57014', false]);
    await pool.end();
    await database.drop();
  });

  it('has no limit where it is to have none, whatever the database says', async () => {
    const database = await freshDatabase();
    const admin = createPool(database.url, { ...options, applicationName: 'admin' });
    const name = new URL(database.url).pathname.slice(1);
    await admin.query(`ALTER DATABASE ${name} SET statement_timeout = '60s'`);
    const pool = createPool(database.url, options);
    const limitMs = await pool.query<{ ms: number }>(
      `SELECT setting::int AS ms FROM pg_settings WHERE name = 'statement_timeout'`,
    );
    expect(limitMs.rows).toEqual([{ ms: 2_147_483_647 }]);
    await Promise.all([pool.end(), admin.end()]);
    await database.drop();
  });

  it('has its connections looked at while they say nothing, so that a host that is gone is found', async () => {
    const database = await freshDatabase();
    const looks = jest.spyOn(net.Socket.prototype, 'setKeepAlive');
    const pool = createPool(database.url, options);
    await pool.query('SELECT 1');
    expect(looks.mock.calls).toEqual([[true, 5_000]]);
    looks.mockRestore();
    await pool.end();
    await database.drop();
  });

  it('gives up a connection whose answers a network swallows, and takes another', async () => {
    const database = await freshDatabase();
    const proxy = await startTcpProxy(Number(new URL(database.url).port));
    const url = through(proxy, database.url);
    const pool = createPool(url, { ...options, max: 1, statementTimeoutMs: 200 });
    await pool.query('SELECT 1');
    proxy.swallowAnswers();
    expect(isUnavailable(await failure(pool.query('SELECT 2')))).toBe(true);
    expect((await pool.query('SELECT 3 AS n')).rows).toEqual([{ n: 3 }]);
    await pool.end();
    await proxy.close();
    await database.drop();
  });
});

describe('the end of a connection', () => {
  it('is not waited for where the host is gone without a word', async () => {
    const database = await freshDatabase();
    const proxy = await startTcpProxy(Number(new URL(database.url).port));
    const client = new pg.Client({ connectionString: through(proxy, database.url) });
    client.on('error', () => {}); // it is broken off
    await client.connect();
    proxy.loseHost();
    await endConnection(client);
    await endConnection(client); // gone already
    await proxy.close();
    await database.drop();
  });
});

async function untilRunning(admin: ReturnType<typeof createPool>): Promise<void> {
  for (;;) {
    const { rowCount } = await admin.query(
      "SELECT 1 FROM pg_stat_activity WHERE application_name = 'pool-test' AND query LIKE '%pg_sleep(60)%'",
    );
    if (rowCount === 1) return;
  }
}
