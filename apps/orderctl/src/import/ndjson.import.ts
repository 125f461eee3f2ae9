import { CliError } from '../support/cli-error.js';
import type { ImportContext } from './import-context.js';
import { readNdjson, type NdjsonLine } from './ndjson.lines.js';
import { Progress } from '../support/progress.js';
import { writeRejects, type RejectedLine } from './rejects-file.js';
import { sendScripts } from './sending.js';

export interface NdjsonImportResult {
  /** Orders of the input that exist now. */
  readonly ordersPlaced: number;
  /** Commands in the input. */
  readonly commands: number;
  /** Rejected lines by problem code. */
  readonly rejected: Readonly<Record<string, number>>;
  readonly alreadyImported: number;
  readonly seconds: number;
}

/**
 * Imports orders in the NDJSON format, one on each line. Every line is checked before the first command is sent.
 * When the service refuses a command, its line is a reject, with the problem's code as the reason.
 *
 * @throws CliError when a file or a line is broken, or the service fails.
 */
export async function importNdjson(
  files: readonly string[],
  context: ImportContext,
): Promise<NdjsonImportResult> {
  const startedMs = Date.now();
  const { orders, commands } = await checkFiles(files);
  const rejects: RejectedLine[] = [];
  // Now a path that cannot be written does no harm, and whatever follows, nothing in the file is of an earlier import.
  await writeRejects(context.rejectsPath, rejects);
  let alreadyImported = 0;
  let notPlaced = 0;
  const progress = new Progress(commands, 'commands');
  context.showProgress(progress);
  try {
    await sendScripts<NdjsonLine>({
      client: context.client,
      orders: readAll(files),
      scriptOf: ({ script }) => script,
      totalCommands: commands,
      concurrency: context.concurrency,
      progress,
      onOutcome: ({ file, line }, outcome) => {
        if (outcome.kind === 'refused') {
          rejects.push({ file, line, reason: outcome.code });
          if (outcome.step.do === 'place') notPlaced++;
          progress.tell(`${file} line ${line}: ${outcome.line}`);
        } else if (!outcome.changed) alreadyImported++;
      },
    });
  } catch (error) {
    await writeRejects(context.rejectsPath, rejects).catch((failed: Error) => progress.tell(failed.message));
    throw error;
  } finally {
    progress.end();
  }
  await writeRejects(context.rejectsPath, rejects);
  const rejected: Record<string, number> = {};
  for (const { reason } of rejects) rejected[reason] = (rejected[reason] ?? 0) + 1;
  const seconds = (Date.now() - startedMs) / 1_000;
  return { ordersPlaced: orders - notPlaced, commands, rejected, alreadyImported, seconds };
}

/** Reads all files once, so that a broken line is found before any command is sent. */
async function checkFiles(files: readonly string[]): Promise<{ orders: number; commands: number }> {
  const keys = new Set<string>();
  let commands = 0;
  for await (const { file, line, script } of readAll(files)) {
    if (keys.has(script.key)) {
      throw new CliError(`${file} line ${line}: the key ${script.name} is used on an earlier line, too`);
    }
    keys.add(script.key);
    commands += script.steps.length;
  }
  return { orders: keys.size, commands };
}

async function* readAll(files: readonly string[]): AsyncGenerator<NdjsonLine> {
  for (const file of files) yield* readNdjson(file);
}
