import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** As whom the server runs; empty: as this process. */
export interface ServerUser {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Makes the database cluster of a data folder, `pg`, and its password, unless it is there.
 * @throws Error in one line when there is none, and none can or may be made
 */
export async function ensureCluster(initdb: string, dataDir: string, user: ServerUser): Promise<void> {
  if (await hasCluster(dataDir)) return;
  const cluster = join(dataDir, 'pg');
  // The draft takes the cluster's place once it is complete: a first start may be cut off at any point.
  const draft = draftOf(dataDir);
  await removeDraft(dataDir);
  await mkdir(draft, { recursive: true, mode: 0o700 });
  if (user.uid !== undefined) {
    await chmod(dataDir, 0o711); // the server's user must pass through, not look around
    await chown(draft, user.uid, user.gid!);
  }
  const password = randomBytes(24).toString('hex');
  const seed = join(tmpdir(), `orderlog-${randomBytes(8).toString('hex')}`);
  await writeFile(seed, password, { mode: 0o600 });
  if (user.uid !== undefined) await chown(seed, user.uid, user.gid!);
  // The password is on disk before the cluster, which accepts no other: the machine may lose power in between.
  await writeFile(passwordFile(dataDir), password, { mode: 0o600, flush: true });
  try {
    await run(
      initdb,
      [
        `--pgdata=${draft}`,
        '--username=orderlog',
        '--auth=scram-sha-256',
        `--pwfile=${seed}`,
        '--encoding=UTF8',
        '--locale=C',
        '--no-instructions',
      ],
      user,
    );
    await rename(draft, cluster);
    await synced(dataDir);
  } catch (error) {
    await removeDraft(dataDir);
    const denied = error instanceof Error && /EACCES|Permission denied/.test(error.message);
    const reason = denied
      ? 'PostgreSQL refuses to run as root, and the user it runs as instead may not enter this folder: move the clone and the data out of it, or run as an ordinary user'
      : error instanceof Error
        ? error.message.replaceAll('\n', ' ')
        : String(error);
    throw new Error(`cannot create a database in ${cluster}: ${reason}`, { cause: error });
  } finally {
    await rm(seed, { force: true });
  }
}

/** Has the names of a folder on disk: PostgreSQL sees to what it writes itself, but not to the name of its cluster. */
async function synced(folder: string): Promise<void> {
  const handle = await open(folder).catch(() => null); // Windows opens none
  await handle?.sync().catch(() => {}); // some file systems know no such thing
  await handle?.close();
}

/** The password goes first: one without a draft or a cluster is taken for one whose cluster is lost. */
async function removeDraft(dataDir: string): Promise<void> {
  await rm(passwordFile(dataDir), { force: true });
  await rm(draftOf(dataDir), { recursive: true, force: true });
}

/**
 * Whether the folder has a cluster already. A new one is made only where there has never been one: beside a cluster that
 * cannot be seen just now, or in its place, it would hide all orders.
 *
 * @throws Error in one line where a cluster was here and cannot be used
 */
async function hasCluster(dataDir: string): Promise<boolean> {
  const cluster = join(dataDir, 'pg');
  if (await exists(join(cluster, 'PG_VERSION'))) return true;
  const found = await lstat(cluster).catch(unlessAbsent);
  if (found !== null && !(found.isDirectory() && (await readdir(cluster)).length === 0)) {
    throw new Error(`${cluster} holds no database: ${PUT_BACK}, or remove it to begin with an empty one`);
  }
  const password = passwordFile(dataDir);
  if ((await exists(password)) && !(await exists(draftOf(dataDir)))) {
    throw new Error(
      `there is a ${password}, but no database in ${cluster}: ${PUT_BACK}, or remove the password to begin with an empty one`,
    );
  }
  if (found !== null) {
    await rmdir(cluster).catch((error: NodeJS.ErrnoException) => {
      const why = error.code === 'EBUSY' ? 'is where a disk is mounted' : `is in the way (${error.code})`;
      throw new Error(`${cluster} ${why}: mount the disk at ${dataDir}, or remove that folder`, {
        cause: error,
      });
    });
  }
  return false;
}

const PUT_BACK = 'put the database back (perhaps its disk is missing)';

/** @throws Error in one line when it cannot be told */
async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path).catch(unlessAbsent)) !== null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`${path} cannot be looked for (${code}): run as the user whose folder it is in`, {
      cause: error,
    });
  }
}

function unlessAbsent(error: NodeJS.ErrnoException): null {
  if (error.code !== 'ENOENT') throw error;
  return null;
}

function draftOf(dataDir: string): string {
  return join(dataDir, 'pg.draft');
}

function passwordFile(dataDir: string): string {
  return join(dataDir, 'pg.password');
}

export async function readPassword(dataDir: string): Promise<string> {
  const password = await readFile(passwordFile(dataDir), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw wrongPassword(dataDir, error);
  });
  if (password.trim() === '') throw wrongPassword(dataDir);
  return password.trim();
}

export function wrongPassword(dataDir: string, cause?: unknown): Error {
  const line = `${passwordFile(dataDir)} is not the password of ${join(dataDir, 'pg')}: the two belong together, take both from the same copy of the folder`;
  return new Error(line, { cause });
}
