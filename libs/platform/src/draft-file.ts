import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

const DISK_FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/**
 * Writes a file beside `path` that can take its place, complete, in one step. Where it cannot be written, nothing of it
 * is left.
 *
 * @returns the path of the draft
 * @throws Error that names `path`, and its disk where that is full
 */
export async function writeDraft(path: string, content: string, mode = 0o666): Promise<string> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, content, { mode });
    return draft;
  } catch (error) {
    await rm(draft, { force: true });
    throw namingFile(error as NodeJS.ErrnoException, path);
  }
}

/** Writes a file completely or not at all. @throws as writeDraft does */
export async function replaceFile(path: string, content: string, mode?: number): Promise<void> {
  const draft = await writeDraft(path, content, mode);
  try {
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Node names the file when it cannot be opened, but not when it cannot be written. */
function namingFile(error: NodeJS.ErrnoException, path: string): Error {
  const { code = '', message, path: named } = error;
  if (DISK_FULL.has(code)) {
    const disk = dirname(path);
    return new Error(
      `${path} cannot be written: the disk that ${disk} is on is full (${code}): free space there`,
      {
        cause: error,
      },
    );
  }
  return named === undefined ? new Error(`${path} cannot be written: ${message}`, { cause: error }) : error;
}
