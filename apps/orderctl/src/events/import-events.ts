import type { FileHandle } from 'node:fs/promises';
import type { ExactEventStore } from '#event-store/port.js';
import { storeIdentity } from '#event-store/store-identity.js';
import { count, counted } from '#platform/counted.js';
import { Stopped } from '../support/interruption.js';
import { AppendsInOrder } from './appends-in-order.js';
import { CheckedLines } from './checked-lines.js';
import { eventOf, type EventOfStream } from './event-line.js';
import { DamagedFile } from './events-file.js';
import { EventsFileReader, withFile } from './events-file.reader.js';
import { Patience } from './stored-order-events.js';
import { TargetOrders } from './target-orders.js';

export interface ImportOptions {
  readonly store: ExactEventStore;
  readonly path: string;
  /** How many appends are under way at once. */
  readonly atOnce: number;
  /** Told how many events were seen so far: first in the store, then in the file, before anything is written. */
  readonly onLooked: (what: string, events: number) => void;
  /** Told once the file was checked and compared with the store, before anything is written. */
  readonly onStart: (events: number) => void;
  /** Told how many more events are handled: appended, or found in the store. */
  readonly onProgress: (events: number) => void;
  readonly tell: (line: string) => void;
  readonly stopAsked: () => boolean;
}

export interface ImportResult {
  readonly file: string;
  /** Identity of the event store that the file is from. */
  readonly source: string;
  /** Identity of the event store that the file is imported into. */
  readonly store: string;
  readonly events: number;
  readonly orders: number;
  readonly appended: number;
  readonly alreadyThere: number;
  /** Whether the event store has the events in the order of the file. False: only those of each stream are in order. */
  readonly inOrder: boolean;
  readonly sha256: string;
  readonly seconds: number;
}

/**
 * Brings every stream of a file into an event store, unchanged. Events already in the store stay. A repeated
 * import goes on where the last one stopped, and changes nothing when that one was complete. Nothing is written
 * before the whole file was checked: it is complete and undamaged, it holds only events of orders, and no stream
 * in the store differs from it.
 *
 * @throws CliError when a check fails, or the event store stays away
 * @throws Stopped on Ctrl-C
 */
export async function importEvents(options: ImportOptions): Promise<ImportResult> {
  const startedMs = performance.now();
  const { store, path, stopAsked } = options;
  const patience = new Patience(options.tell, stopAsked);
  const looked = (what: string) => (events: number) => {
    if (stopAsked()) throw new Stopped('stopped before anything was appended');
    options.onLooked(what, events);
  };
  return withFile(path, 'r', async (file) => {
    const source = (await reopened(path, file)).header.store;
    const storeId = await storeIdentity(store);
    const there = await TargetOrders.of(store, patience, looked('comparing with the event store'));
    const { events, orders, sha256 } = await checkWhole(path, file, there, looked(`checking ${path}`));
    options.onStart(events);
    const appends = new AppendsInOrder(store, { atOnce: options.atOnce, patience });
    let alreadyThere = 0;
    let lastPosition = -1;
    let misplaced: EventOfStream | null = null;
    for await (const { lines } of (await reopened(path, file)).chunks()) {
      for (const line of lines) {
        if (stopAsked()) await stop(appends, alreadyThere, events);
        const event = eventOf(line);
        const position = there.positionOf(event, line);
        if (position === null) {
          await appends.add(event);
          lastPosition = Infinity; // it comes after all that are there
        } else {
          alreadyThere += 1;
          if (position < lastPosition) misplaced ??= event;
          lastPosition = Math.max(lastPosition, position);
        }
        options.onProgress(1);
      }
    }
    await appends.flush();
    if (misplaced !== null) options.tell(outOfOrder(misplaced));
    return {
      ...{ file: path, source, store: storeId, events, orders },
      ...{ appended: appends.appended, alreadyThere, inOrder: misplaced === null, sha256 },
      seconds: Math.round(performance.now() - startedMs) / 1_000,
    };
  });
}

async function reopened(path: string, file: FileHandle): Promise<EventsFileReader> {
  const reader = await EventsFileReader.open(path, file);
  if (reader === null) throw incomplete(path, 0);
  return reader;
}

/**
 * @throws CliError when the file is not whole or holds what no export writes, or a stream of the store has an
 *   event that differs from the file
 */
async function checkWhole(
  path: string,
  file: FileHandle,
  there: TargetOrders,
  onLooked: (events: number) => void,
): Promise<{ events: number; orders: number; sha256: string }> {
  const reader = await reopened(path, file);
  const checked = new CheckedLines(path);
  let events = 0;
  for await (const { lines } of reader.chunks()) {
    for (const line of lines) there.positionOf(checked.add(line), line);
    checked.endChunk();
    events += lines.length;
    onLooked(events);
  }
  if (reader.footer === null) throw incomplete(path, events);
  return { events, orders: checked.orders, sha256: reader.footer.sha256 };
}

function outOfOrder({ stream, revision }: EventOfStream): string {
  return `the log is not in the order of the file, though each stream is right: event ${revision} of ${stream} was there before others that the file has before it. To keep that order, import into an empty event store`;
}

function incomplete(path: string, events: number): DamagedFile {
  return new DamagedFile(
    `${path} is incomplete: it ends after ${counted(events, 'event')}. Run the export again to finish it, or take another copy of it`,
  );
}

async function stop(appends: AppendsInOrder, alreadyThere: number, events: number): Promise<never> {
  await appends.flush();
  const done = appends.appended + alreadyThere;
  throw new Stopped(
    `stopped after ${count(done)} of ${counted(events, 'event')}: run the same command again to go on from there`,
  );
}
