import type { Command } from 'commander';
import { count, counted } from '#platform/counted.js';
import { exportEvents, type ExportProgress, type ExportResult } from '../events/export-events.js';
import { importEvents, type ImportResult } from '../events/import-events.js';
import { duration, Progress } from '../support/progress.js';
import { Connection, withConnection, type ConnectionOptions } from '../support/connection.js';
import { withEventStore } from '../support/event-store.js';
import { onInterruption } from '../support/interruption.js';
import { lookTeller } from '../support/look-teller.js';
import { nowAndThen } from '../support/now-and-then.js';
import { printJson } from '../support/output.js';
import { wholeNumber } from '../support/whole-number.js';

interface EventsOptions extends ConnectionOptions {
  readonly json?: boolean;
}

const tell = (line: string) => void process.stderr.write(`${line}\n`);

export function addEventsCommand(program: Command): void {
  const events = program
    .command('events')
    .description(
      'export and import the events of all orders, byte for byte: for backups, and to move to another event store',
    );
  const exporting = events
    .command('export <file>')
    .description('write all events into a file; run again, it goes on where it was interrupted')
    .option('--json', 'print the figures as one JSON object at the end');
  const importing = events
    .command('import <file>')
    .description('append the events of a complete file to an event store; events that are there already stay')
    .option(
      '--at-once <appends>',
      'how many appends are under way at the same time',
      wholeNumber(1, 1_000),
      256,
    )
    .option('--json', 'print the figures as one JSON object at the end');
  withConnection(exporting, ['eventStoreUrl'], { token: false }).action(runExport);
  withConnection(importing, ['eventStoreUrl'], { token: false }).action(runImport);
  for (const command of [exporting, importing]) command.exitOverride();
}

async function runExport(path: string, options: EventsOptions): Promise<void> {
  const url = await new Connection(options).address('eventStoreUrl');
  const interruption = onInterruption(tell, 'this event');
  try {
    const result = await withEventStore(url, (store) =>
      exportEvents({
        ...{ store, path, tell, stopAsked: interruption.asked },
        onLooked: lookTeller(tell),
        onProgress: progressTeller(),
      }),
    );
    if (options.json) printJson(result, { pretty: false });
    else reportExport(result);
  } finally {
    interruption.forget();
  }
}

async function runImport(path: string, options: EventsOptions & { readonly atOnce: number }): Promise<void> {
  const url = await new Connection(options).address('eventStoreUrl');
  const { atOnce } = options;
  let progress: Progress | null = null;
  const say = (line: string) => (progress ? progress.tell(line) : tell(line));
  const interruption = onInterruption(say, () =>
    progress === null ? 'the event that is being checked' : 'the appends under way',
  );
  try {
    const result = await withEventStore(url, (store) =>
      importEvents({
        ...{ store, path, atOnce, tell: say, stopAsked: interruption.asked },
        onLooked: lookTeller(say),
        onStart: (events) => (progress = new Progress(events, 'events')),
        onProgress: (events) => progress?.advance(events),
      }),
    );
    endOf(progress);
    if (options.json) printJson(result, { pretty: false });
    else reportImport(result);
  } finally {
    endOf(progress);
    interruption.forget();
  }
}

function endOf(progress: Progress | null): void {
  progress?.end();
}

function reportExport({
  file,
  store,
  events,
  orders,
  position,
  sha256,
  sizeBytes,
  seconds,
}: ExportResult): void {
  const megabytes = (sizeBytes / 1_000_000).toFixed(1);
  console.log(
    `${counted(events, 'event')} of ${counted(orders, 'order')} in ${file}, ${megabytes} MB, in ${duration(seconds)}`,
  );
  console.log(`they come from event store ${store}, up to position ${position}`);
  console.log(`sha256 of the events: ${sha256}`);
}

function reportImport({
  store,
  source,
  events,
  orders,
  appended,
  alreadyThere,
  sha256,
  seconds,
}: ImportResult): void {
  const rate = Math.round(appended / Math.max(0.001, seconds));
  console.log(
    appended === 0
      ? `the event store had all of it already, ${counted(events, 'event')} of ${counted(orders, 'order')}: nothing changed`
      : `${counted(appended, 'event')} appended in ${duration(seconds)} (${count(rate)}/s), ${counted(alreadyThere, 'was', 'were')} in the event store already`,
  );
  console.log(`event store ${store} has every order from event store ${source}: ${counted(orders, 'order')}`);
  console.log(`sha256 of the events: ${sha256}`);
}

function progressTeller(): (progress: ExportProgress) => void {
  const startedMs = Date.now();
  let before: number | null = null;
  const tellRate = nowAndThen(({ events, position, upTo }: ExportProgress, from: number) => {
    const rate = Math.round((events - from) / ((Date.now() - startedMs) / 1_000));
    tell(`${counted(events, 'event')}, at position ${position} of ${upTo}, ${counted(rate, 'event')}/s`);
  });
  return (progress) => {
    before ??= progress.events - 1;
    tellRate(progress, before);
  };
}
