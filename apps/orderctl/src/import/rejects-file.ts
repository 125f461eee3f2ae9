import { writeFile } from 'node:fs/promises';
import { CliError } from '../support/cli-error.js';

export interface RejectedLine {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

/** @throws CliError when the file cannot be written. */
export async function writeRejects(path: string, rejects: readonly RejectedLine[]): Promise<void> {
  const rows = rejects.map(({ file, line, reason }) => `${cell(file)},${line},${cell(reason)}\n`);
  try {
    await writeFile(path, `file,line,reason\n${rows.join('')}`);
  } catch (error) {
    throw new CliError(`cannot write the rejects to ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
