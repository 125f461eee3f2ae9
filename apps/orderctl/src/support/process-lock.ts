import { constants, copyFile, link, readFile, rm, unlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { writeDraft } from '#platform/draft-file.js';
import { isStillAlive, processStart } from '#platform/process-identity.js';
import { CliError } from './cli-error.js';

const LOOK_AGAIN_MS = 10;
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

interface Holder {
  readonly pid: number;
  readonly start: string | null;
}

export interface ProcessLock {
  /** Whether the last holder ended without releasing the lock, as after kill -9. */
  readonly wasStale: boolean;
  release(): Promise<void>;
}

/**
 * Allows one process at a time to do something: the one that holds the lock. The lock is a file that names its holder.
 * A lock whose holder is gone does not count.
 *
 * @param refusal what to say while the process with this id holds it
 * @throws CliError when another process holds it, or this one does already
 */
export async function takeLock(path: string, refusal: (pid: number) => string): Promise<ProcessLock> {
  const me: Holder = { pid: process.pid, start: processStart(process.pid) };
  const draft = await writeDraft(path, JSON.stringify(me));
  let wasStale = false;
  try {
    for (;;) {
      try {
        await linkOrCopy(draft, path); // fails if the file exists
        return { wasStale, release: () => rm(path, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      await removeIfStale(path, draft, refusal);
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
async function removeIfStale(path: string, draft: string, refusal: (pid: number) => string): Promise<void> {
  const removing = `${path}.removing`;
  for (;;) {
    const seen = await holderOf(path);
    if (seen !== null && isStillAlive(seen.pid, seen.start)) throw new CliError(refusal(seen.pid));
    try {
      await linkOrCopy(draft, removing);
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
    if (seen !== null && isStillAlive(seen.pid, seen.start)) throw new CliError(refusal(seen.pid));
    await rm(path, { force: true });
  } finally {
    await rm(removing, { force: true });
  }
}

/** Some file systems, such as those of USB sticks, have no links. A copy is not there with all its content at once. */
async function linkOrCopy(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path);
  } catch (error) {
    if (!NO_LINKS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await copyFile(draft, path, constants.COPYFILE_EXCL);
  }
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
