import { CliError } from '../support/cli-error.js';
import { ordersLeft } from './imported-orders.js';
import { countRejects, figuresOf, sum, type ImportFigures, type ImportPlan } from './import-plan.js';
import type { ImportContext } from './import-context.js';
import { OnlineRetailPlanner } from './online-retail.planner.js';
import { readInvoiceRows } from './online-retail.rows.js';
import { scriptOf, STEPS_PER_ORDER, STEPS_PER_RETURN } from './online-retail.script.js';
import { Progress } from '../support/progress.js';
import { writeRejects } from './rejects-file.js';
import { sendScripts } from './sending.js';

export interface ShopImportResult extends ImportFigures {
  readonly rejected: Readonly<Record<string, number>>;
  readonly alreadyImported: number;
  readonly seconds: number;
  /** Commands that this run sent and got an answer to, and the seconds that sending took. */
  readonly commands: number;
  readonly sendingSeconds: number;
}

/**
 * Imports the invoice lines of a shop. The whole input is read and planned before the first command is sent.
 *
 * @throws CliError when a file is broken, or the service refuses a command.
 */
export async function importOnlineRetail(
  files: readonly string[],
  context: ImportContext,
): Promise<ShopImportResult> {
  const startedMs = Date.now();
  const plan = await planFiles(files);
  await writeRejects(
    context.rejectsPath,
    plan.rejects.map(({ file, line, reason }) => ({ file: files[file]!, line, reason })),
  );
  const left = await ordersLeft(plan.orders, context);
  const totalCommands = sum(left, (one) => STEPS_PER_ORDER + STEPS_PER_RETURN * one.returns.length);

  // An order that the read models did not show yet counts as imported too, when none of its commands was new.
  let alreadyImported = plan.orders.length - left.length;
  const progress = new Progress(totalCommands, 'commands');
  context.showProgress(progress);
  try {
    const seconds = await sendScripts({
      client: context.client,
      orders: left,
      scriptOf,
      totalCommands,
      concurrency: context.concurrency,
      progress,
      onOutcome: (_, outcome) => {
        if (outcome.kind === 'refused') throw refusedInvoice(outcome);
        if (!outcome.changed) alreadyImported++;
      },
    });
    return {
      ...figuresOf(plan.orders),
      rejected: countRejects(plan.rejects),
      alreadyImported,
      seconds: (Date.now() - startedMs) / 1_000,
      commands: progress.done,
      sendingSeconds: seconds,
    };
  } finally {
    progress.end();
  }
}

export async function planFiles(files: readonly string[]): Promise<ImportPlan> {
  const planner = new OnlineRetailPlanner();
  for await (const row of readInvoiceRows(files)) planner.add(row);
  return planner.finish();
}

function refusedInvoice({ code, line }: { code: string; line: string }): CliError {
  const isOther = code === 'idempotency_key_reused';
  return new CliError(
    isOther ? `invoice ${line} (this invoice was imported before, with other content)` : `invoice ${line}`,
  );
}
