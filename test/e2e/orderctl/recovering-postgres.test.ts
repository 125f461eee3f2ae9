import { appendFile, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEmbeddedPostgres } from '#platform/embedded-postgres.js';
import { isAlive } from '#platform/process-identity.js';
import { SupervisedPostgres } from '../../../apps/orderctl/src/system/supervised-postgres.js';
import { until } from '../../support/until.js';

const TIMEOUT_MS = 60_000;

describe('a PostgreSQL that recovers, and accepts nobody yet', () => {
  let data: string;
  let postgres: SupervisedPostgres;
  let started: Promise<unknown>;
  let pid: number;

  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'orderlog-e2e-'));
    await (await startEmbeddedPostgres({ dataDir: data, settings: { fsync: 'off' } })).stop();
    const cluster = join(data, 'pg');
    const { uid, gid } = await stat(cluster);
    // It asks for the next piece of a log, and waits for the answer.
    await appendFile(join(cluster, 'postgresql.auto.conf'), "restore_command = 'tail -f /dev/null'\n");
    await writeFile(join(cluster, 'recovery.signal'), '');
    await chown(join(cluster, 'recovery.signal'), uid, gid);
    postgres = new SupervisedPostgres(data, { tell: () => {}, gaveUp: () => {} });
    started = postgres.start().then(
      () => 'started',
      (error: unknown) => error,
    );
    pid = await until('it recovers', () => recovering(cluster), 30_000);
  }, TIMEOUT_MS);
  afterEach(async () => {
    if (isAlive(pid)) process.kill(pid, 'SIGQUIT');
    await until('it is gone', () => !isAlive(pid));
    await rm(data, { recursive: true, force: true });
  }, TIMEOUT_MS);

  /** Its number, from when it takes connections in order to refuse them. */
  function recovering(cluster: string): number | null {
    try {
      const lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
      return lines[7]?.startsWith('starting') ? Number(lines[0]) : null;
    } catch {
      return null; // not yet
    }
  }

  it(
    'is stopped without waiting for it',
    async () => {
      await postgres.stop();
      expect(isAlive(pid)).toBe(false);
      expect(await started).toMatchObject({
        message: expect.stringMatching(/^PostgreSQL ended while starting/),
      });
    },
    TIMEOUT_MS,
  );

  it(
    'is killed with the rest',
    async () => {
      postgres.kill();
      await until('it is gone', () => !isAlive(pid));
      expect(await started).toMatchObject({ name: 'CliError' });
    },
    TIMEOUT_MS,
  );
});
