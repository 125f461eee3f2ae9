import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';

const ROTATE_ABOVE_BYTES = 20_000_000;
const READ_AT_MOST_BYTES = 256 * 1024;

export interface LogLine {
  readonly level: string;
  readonly message: string;
}

/**
 * The log file of one app. The app writes to it directly, so that its last lines are kept even when orderctl is
 * gone. orderctl reads along and repeats only errors.
 */
export class AppLog {
  readonly #path: string;
  /** The file that the app's stdout and stderr go to. */
  readonly fd: number;
  #readTo: number;
  #rest = '';

  constructor(path: string) {
    rotate(path);
    this.#path = path;
    this.fd = openSync(path, 'a+', 0o600); // requests that failed are in it, with what was asked for
    this.#readTo = fstatSync(this.fd).size;
  }

  /** Lines written since the last call. Lines that are not the app's JSON have the level `none`. */
  readOn(): LogLine[] {
    const size = fstatSync(this.fd).size;
    const from = Math.max(this.#readTo, size - READ_AT_MOST_BYTES);
    this.#readTo = size;
    if (from >= size) return [];
    const chunk = Buffer.alloc(size - from);
    readSync(this.fd, chunk, 0, chunk.length, from);
    const lines = (this.#rest + chunk.toString('utf8')).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.filter((line) => line.trim() !== '').map(parseLine);
  }

  get path(): string {
    return this.#path;
  }

  close(): void {
    closeSync(this.fd);
  }
}

function parseLine(text: string): LogLine {
  try {
    const { level, msg, err } = JSON.parse(text) as {
      level?: unknown;
      msg?: unknown;
      err?: { message?: unknown };
    };
    const cause = typeof err?.message === 'string' && err.message !== msg ? `: ${err.message}` : '';
    return { level: String(level), message: `${typeof msg === 'string' ? msg : text}${cause}` };
  } catch {
    return { level: 'none', message: text.trim() }; // not from the app's logger, but from Node or a failed start
  }
}

function rotate(path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > ROTATE_ABOVE_BYTES) renameSync(path, `${path}.1`);
}
