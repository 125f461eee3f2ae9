import { Option, type Command } from 'commander';
import { count, counted } from '#platform/counted.js';
import type { ImportContext } from '../import/import-context.js';
import { importNdjson, type NdjsonImportResult } from '../import/ndjson.import.js';
import { importOnlineRetail, type ShopImportResult } from '../import/online-retail.import.js';
import { duration, type Progress } from '../support/progress.js';
import { waitingNotice } from '../import/sending.js';
import { openApi } from '../support/api.js';
import { Connection, withConnection, type ConnectionOptions } from '../support/connection.js';
import { money, printJson } from '../support/output.js';
import { wholeNumber } from '../support/whole-number.js';

interface ImportOptions extends ConnectionOptions {
  readonly format: 'online-retail' | 'ndjson';
  readonly concurrency: number;
  readonly rejects: string;
  readonly json?: boolean;
}

/** Long enough for a machine to restart; a service that is away longer needs a person. */
const PATIENCE_MS = 120_000;

export function addImportCommand(program: Command): void {
  const command = program
    .command('import <file...>')
    .description(
      'import orders through the command API; run again, it goes on where it stopped and repeats nothing',
    )
    .addOption(
      new Option('--format <format>', 'online-retail (CSV) or ndjson (docs/import-ndjson.md)')
        .choices(['online-retail', 'ndjson'])
        .default('online-retail'),
    )
    .option(
      '--concurrency <orders>',
      'how many orders are imported at the same time',
      wholeNumber(1, 1_000),
      64,
    )
    .option('--rejects <file>', 'file that lists the lines that were not imported', 'import-rejects.csv')
    .option('--json', 'print the figures as one JSON object at the end');
  withConnection(command, ['commandUrl', 'queryUrl']).action(runImport);
}

async function runImport(files: string[], options: ImportOptions): Promise<void> {
  const connection = new Connection(options);
  const [commandUrl, queryUrl] = [
    await connection.address('commandUrl'),
    await connection.address('queryUrl'),
  ];
  const token = await connection.token();
  let progress: Progress | null = null;
  const { concurrency } = options;
  const { client, close } = openApi({
    commandUrl,
    queryUrl,
    token,
    connections: concurrency,
    patienceMs: PATIENCE_MS,
    onRetry: waitingNotice(() => progress),
  });
  const context: ImportContext = {
    client,
    concurrency,
    rejectsPath: options.rejects,
    showProgress: (shown) => {
      progress = shown;
    },
  };
  try {
    if (options.format === 'ndjson') reportNdjson(await importNdjson(files, context), options);
    else reportShop(await importOnlineRetail(files, context), options);
  } finally {
    await close();
  }
}

function reportShop(result: ShopImportResult, options: ImportOptions): void {
  const { sendingSeconds: _, ...figures } = result;
  if (options.json) return printJson(figures, { pretty: false });
  const { commands } = figures;
  console.log(sentInWords(result));
  if (commands > 0 && result.alreadyImported > 0) {
    console.log(importedAlready(result));
  }
  console.log(`orders       ${count(result.ordersPlaced)} with ${counted(result.linesImported, 'line')}`);
  console.log(`worth        ${money(result.totalMinor, 'GBP')}`);
  console.log(`guests       ${count(result.guestOrders)}`);
  console.log(
    `returns      ${count(result.returnsClosed)} on ${counted(result.ordersWithReturns, 'order')}, ` +
      `${counted(result.unitsReturned, 'unit')}, ${money(result.refundedMinor, 'GBP')} refunded`,
  );
  reportRejects(result.rejected, options);
}

export function sentInWords(
  result: Pick<ShopImportResult, 'commands' | 'sendingSeconds' | 'alreadyImported'>,
): string {
  const { commands, sendingSeconds, alreadyImported } = result;
  if (commands === 0) {
    const why = alreadyImported === 0 ? 'there is no order to import' : importedAlready(result);
    return `${why}: nothing changed`;
  }
  const rate = Math.round(commands / Math.max(0.001, sendingSeconds));
  return `${counted(commands, 'command')} in ${duration(sendingSeconds)} (${count(rate)}/s)`;
}

function reportNdjson(result: NdjsonImportResult, options: ImportOptions): void {
  if (options.json) return printJson(result, { pretty: false });
  console.log(
    `${counted(result.ordersPlaced, 'order')}, ${counted(result.commands, 'command')} in ${duration(result.seconds)}`,
  );
  if (result.alreadyImported > 0) console.log(importedAlready(result));
  reportRejects(result.rejected, options);
}

function importedAlready({ alreadyImported }: { readonly alreadyImported: number }): string {
  return counted(alreadyImported, 'order was imported already', 'orders were imported already');
}

function reportRejects(rejected: Readonly<Record<string, number>>, { rejects }: ImportOptions): void {
  const reasons = Object.entries(rejected);
  if (reasons.length === 0) return;
  const lines = reasons.reduce((total, [, many]) => total + many, 0);
  console.log(`rejected     ${counted(lines, 'line')}, listed in ${rejects}`);
  for (const [reason, many] of reasons) console.log(`  ${reason.padEnd(24)} ${count(many)}`);
}
