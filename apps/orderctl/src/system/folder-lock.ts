import { randomBytes } from 'node:crypto';
import { link, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isStillAlive, processStart } from '#platform/process-identity.js';
import { CliError } from '../support/cli-error.js';

const LOOK_AGAIN_MS = 10;

interface Holder {
  readonly pid: number;
  readonly start: string | null;
}

export interface FolderLock {
  /** Whether the last holder ended without releasing the lock, as after kill -9. */
  readonly wasStale: boolean;
  release(): Promise<void>;
}

/**
 * Allows one `orderctl up` per data folder. The lock file names its holder. A lock whose holder is gone does not
 * count.
 *
 * @throws CliError when another process holds it.
 */
export async function lockFolder(path: string): Promise<FolderLock> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const me: Holder = { pid: process.pid, start: processStart(process.pid) };
  await writeFile(draft, JSON.stringify(me));
  let wasStale = false;
  try {
    for (;;) {
      try {
        await link(draft, path); // fails if the file exists; atomic, and its content is complete
        return { wasStale, release: () => rm(path, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      await removeIfStale(path, draft);
      wasStale = true;
    }
  } finally {
    await unlink(draft);
  }
}

/**
 * Only one process at a time may remove a stale lock. Otherwise, between the look at the lock and its removal,
 * another process could remove it too and make its own.
 */
async function removeIfStale(path: string, draft: string): Promise<void> {
  const removing = `${path}.removing`;
  for (;;) {
    const seen = await holderOf(path);
    if (seen !== null && isStillAlive(seen.pid, seen.start)) throw refused(seen);
    try {
      await link(draft, removing);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const other = await holderOf(removing);
    // The other process was killed while it removed the lock.
    if (other !== null && !isStillAlive(other.pid, other.start)) await rm(removing, { force: true });
    await delay(LOOK_AGAIN_MS);
  }
  try {
    const seen = await holderOf(path);
    if (seen !== null && isStillAlive(seen.pid, seen.start)) throw refused(seen);
    await rm(path, { force: true });
  } finally {
    await rm(removing, { force: true });
  }
}

function refused({ pid }: Holder): CliError {
  return new CliError(
    `already running on this data folder (process ${pid}): stop it, or give another --data`,
  );
}

/** Returns null when the file is gone or its content is no JSON. */
async function holderOf(path: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
