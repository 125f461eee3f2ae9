import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import {
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from '#platform/embedded-postgres.js';
import { isAlive } from '#platform/process-identity.js';

jest.setTimeout(60_000);

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'orderlog-postgres-'));
  cleanUp.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function start(
  dataDir: string,
  options: Partial<EmbeddedPostgresOptions> = {},
): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, settings: { fsync: 'off' }, ...options });
  cleanUp.push(() => server.stop());
  return server;
}

async function answers({ url }: EmbeddedPostgres): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.end();
}

describe('a cluster', () => {
  it.each([
    ['another password', 'another'],
    ['nothing, as after a power cut,', ''],
  ])(
    'does not start with %s in the file of its password, says why, and leaves no server',
    async (_, password) => {
      const dataDir = await newFolder();
      await (await start(dataDir)).stop();
      await writeFile(join(dataDir, 'pg.password'), password);
      let pid: number | null = null;
      await expect(start(dataDir, { onSpawn: (its) => (pid = its) })).rejects.toThrow(
        `${dataDir}/pg.password is not the password of ${dataDir}/pg: the two belong together`,
      );
      expect(pid !== null && isAlive(pid)).toBe(false);
      expect(existsSync(join(dataDir, 'pg', 'postmaster.pid'))).toBe(false);
    },
  );
});

describe('a cluster that was there and is not to be seen', () => {
  it.each([
    ['has lost a file', (cluster: string) => rm(join(cluster, 'PG_VERSION')), 'holds no database'],
    [
      'is behind a link to a disk that is away',
      async (cluster: string) => {
        await rename(cluster, `${cluster}.away`);
        await symlink(`${cluster}.elsewhere`, cluster);
      },
      'holds no database',
    ],
    [
      'is on a disk that is not mounted',
      async (cluster: string) => {
        await rename(cluster, `${cluster}.away`);
        await mkdir(cluster);
      },
      'but no database in',
    ],
    ['is gone', (cluster: string) => rename(cluster, `${cluster}.away`), 'but no database in'],
  ])('is not made anew where it %s: nothing is touched', async (_, lose, why) => {
    const dataDir = await newFolder();
    await (await start(dataDir)).stop();
    await lose(join(dataDir, 'pg'));
    const before = await contentOf(dataDir);
    await expect(start(dataDir)).rejects.toThrow(why);
    await expect(start(dataDir)).rejects.toThrow(/put the database back .* or remove .* to begin/);
    expect(await contentOf(dataDir)).toEqual(before);
  });

  it('is made where a first start was cut off, and where the folder was prepared for it', async () => {
    const dataDir = await newFolder();
    await mkdir(join(dataDir, 'pg'));
    await mkdir(join(dataDir, 'pg.draft'));
    await writeFile(join(dataDir, 'pg.draft', 'some'), 'thing');
    await writeFile(join(dataDir, 'pg.password'), 'of the draft');
    await answers(await start(dataDir));
  });
});

/** The paths of all files, and the content of the password. */
async function contentOf(dataDir: string): Promise<unknown> {
  const paths = await readdir(dataDir, { recursive: true });
  return [paths.sort(), await readFile(join(dataDir, 'pg.password'), 'utf8')];
}

describe('a server that was left behind', () => {
  const fileOf = (dataDir: string) => join(dataDir, 'pg', 'postmaster.pid');

  /** A cluster that is not running, with a file that names a process as its server. */
  async function leftBehind(pidFor: (owner: { uid: number; gid: number }) => number): Promise<string> {
    const dataDir = await newFolder();
    const server = await start(dataDir);
    const file = await readFile(fileOf(dataDir), 'utf8');
    await server.stop();
    const owner = await stat(join(dataDir, 'pg'));
    await writeFile(fileOf(dataDir), file.replace(/^\d+/, String(pidFor(owner))), { mode: 0o600 });
    await chown(fileOf(dataDir), owner.uid, owner.gid);
    return dataDir;
  }

  it('is not taken for another program that has its process id now: that one goes on', async () => {
    let other: ReturnType<typeof spawn> | null = null;
    const dataDir = await leftBehind(({ uid, gid }) => {
      // As the server's own user, who may end it.
      other = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'], uid, gid });
      return other.pid!;
    });
    const ended = once(other!, 'exit');
    await answers(await start(dataDir));
    other!.stdin!.end();
    expect(await ended).toEqual([0, null]);
  });

  it('is not taken for the server of another cluster: that one goes on', async () => {
    const other = await start(await newFolder());
    await answers(await start(await leftBehind(() => other.pid)));
    await answers(other);
  });

  it('is ended, also where its folder was moved meanwhile', async () => {
    const dataDir = await newFolder();
    const left = await start(dataDir);
    const moved = `${dataDir}-moved`;
    await rename(dataDir, moved);
    cleanUp.push(() => rm(moved, { recursive: true, force: true }));
    await answers(await start(moved));
    expect(isAlive(left.pid)).toBe(false);
  });
});
