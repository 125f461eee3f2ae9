import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // alive, and somebody else's
  }
}

/**
 * When the process began, in a form to compare. Pids are reused, so a pid alone does not say that it is still the
 * same process. Null when there is no such process, or when the platform does not tell.
 */
export function processStart(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The name in parentheses may hold spaces; the start time is the 20th field after it.
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
    }
    // A date, which ps writes in the language and the time zone of whoever asks.
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', env });
    return started.trim() || null;
  } catch {
    return null; // it has just ended, or there is no ps here
  }
}

/**
 * Whether the process that had this id when it wrote it down still lives.
 *
 * @param start its `processStart` then; null or absent: it could not tell
 */
export function isStillAlive(pid: number, start: string | null | undefined): boolean {
  if (!isAlive(pid)) return false;
  const now = processStart(pid);
  return start === null || start === undefined || now === null || start === now;
}

export interface ProcessCommand {
  /** The name of its file, without the folder. */
  readonly program: string;
  /** All words that it was started with, blanks between them. */
  readonly line: string;
}

/**
 * The command that the process was started with. Null when there is no such process, or the platform does not
 * tell.
 */
export function commandOf(pid: number): ProcessCommand | null {
  try {
    if (process.platform === 'linux') {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0$/, '').split('\0');
      return { program: basename(words[0]!), line: words.join(' ') };
    }
    const ask = (what: string) =>
      execFileSync('ps', ['-o', `${what}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
    return { program: basename(ask('comm')), line: ask('command') };
  } catch {
    return null; // it has just ended, or there is no ps here
  }
}
