import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { CliError } from '../support/cli-error.js';
import { isAlive, processStart } from './process-identity.js';

interface Holder {
  readonly pid: number;
  readonly start: string | null;
}

export interface FolderLock {
  /** Whether the last holder ended without letting go, as after kill -9. */
  readonly wasStale: boolean;
  release(): Promise<void>;
}

/**
 * One `orderctl up` per data folder. The lock file names its holder; one whose holder is gone does not
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
        await link(draft, path); // fails if the file is there: atomic, and the content is complete
        return { wasStale, release: () => rm(path, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      await removeIfStale(path);
      wasStale = true;
    }
  } finally {
    await unlink(draft);
  }
}

async function removeIfStale(path: string): Promise<void> {
  const seen = await holderOf(path);
  if (seen !== null && holds(seen)) throw refused(seen);
  // Another start may have judged the same and be ahead of us: what is moved away is looked at again.
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = await holderOf(aside);
  if (moved !== null && holds(moved)) {
    await rename(aside, path);
    throw refused(moved);
  }
  await rm(aside, { force: true });
}

function holds({ pid, start }: Holder): boolean {
  if (!isAlive(pid)) return false;
  const now = processStart(pid);
  return start === null || now === null || start === now;
}

function refused({ pid }: Holder): CliError {
  return new CliError(
    `already running on this data folder (process ${pid}): stop it, or give another --data`,
  );
}

/** null: the file is gone, or says nothing. */
async function holderOf(path: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
