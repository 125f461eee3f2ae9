import type { FileHandle } from 'node:fs/promises';
import type { ExactEventStore } from '#event-store/port.js';
import { storeIdentity } from '#event-store/store-identity.js';
import { CliError } from '../support/cli-error.js';
import { AppendsInOrder } from './appends-in-order.js';
import { eventOf } from './event-line.js';
import { DamagedFile, type FileFooter } from './events-file.js';
import { EventsFileReader, withFile, type Chunk } from './events-file.reader.js';
import { Patience } from './stored-order-events.js';
import { TargetOrders } from './target-orders.js';

export interface ImportOptions {
  readonly store: ExactEventStore;
  readonly path: string;
  /** Appends under way at once. */
  readonly atOnce: number;
  /** Told once the file was checked and compared with the store, before anything is written. */
  readonly onStart: (events: number) => void;
  /** Told how many more events are done with. */
  readonly onProgress: (events: number) => void;
  readonly tell: (line: string) => void;
  readonly stopAsked: () => boolean;
}

export interface ImportResult {
  readonly file: string;
  /** Identity of the event store that the file is from. */
  readonly source: string;
  /** Identity of the event store that it was brought into. */
  readonly store: string;
  readonly events: number;
  readonly orders: number;
  readonly appended: number;
  readonly alreadyThere: number;
  readonly sha256: string;
  readonly seconds: number;
}

/**
 * Brings every stream of a file into an event store, as it was. What is there already stays; again, it changes
 * nothing and goes on where it stopped. Nothing is written before the whole file was found to be complete and
 * as it was written, and no stream of the store to differ from it.
 *
 * @throws CliError otherwise, when the event store stays away, and on Ctrl-C
 */
export async function importEvents(options: ImportOptions): Promise<ImportResult> {
  const startedMs = performance.now();
  const { store, path } = options;
  const patience = new Patience(options.tell);
  return withFile(path, 'r', async (file) => {
    const source = (await reopened(path, file)).header.store;
    const storeId = await storeIdentity(store);
    const there = await TargetOrders.of(store, patience);
    const { events, streams, sha256 } = await checkWhole(path, file, there);
    options.onStart(events);
    const appends = new AppendsInOrder(store, { atOnce: options.atOnce, patience });
    let alreadyThere = 0;
    for await (const { lines } of (await reopened(path, file)).chunks()) {
      for (const line of lines) {
        const event = eventOf(line);
        if (there.has(event, line)) alreadyThere += 1;
        else await appends.add(event);
        options.onProgress(1);
        if (options.stopAsked()) await stop(appends, alreadyThere, events);
      }
    }
    await appends.flush();
    return {
      ...{ file: path, source, store: storeId, events, orders: streams },
      ...{ appended: appends.appended, alreadyThere, sha256 },
      seconds: Math.round(performance.now() - startedMs) / 1_000,
    };
  });
}

async function reopened(path: string, file: FileHandle): Promise<EventsFileReader> {
  const reader = await EventsFileReader.open(path, file);
  if (reader === null) throw incomplete(path, 0);
  return reader;
}

/** @throws CliError when the file is not whole, or a stream of the store has another event than the file */
async function checkWhole(path: string, file: FileHandle, there: TargetOrders): Promise<FileFooter> {
  const reader = await reopened(path, file);
  let events = 0;
  for await (const chunk of reader.chunks()) {
    events += chunk.end.events;
    compare(chunk, there);
  }
  if (reader.footer === null) throw incomplete(path, events);
  return reader.footer;
}

function compare({ lines }: Chunk, there: TargetOrders): void {
  if (there.isEmpty) return;
  for (const line of lines) there.has(JSON.parse(line) as { stream: string; revision: number }, line);
}

function incomplete(path: string, events: number): DamagedFile {
  return new DamagedFile(
    `${path} is incomplete, it ends after ${events} events: run the export again to finish it, or take another copy of it`,
  );
}

async function stop(appends: AppendsInOrder, alreadyThere: number, events: number): Promise<never> {
  await appends.flush();
  const done = appends.appended + alreadyThere;
  throw new CliError(`stopped after ${done} of ${events} events: the same command again goes on from there`);
}
