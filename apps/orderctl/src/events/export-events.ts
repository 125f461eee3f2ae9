import { realpath, type FileHandle } from 'node:fs/promises';
import type { ExactEventStore, StoredExactEvent } from '#event-store/port.js';
import { storeIdentity } from '#event-store/store-identity.js';
import { parseOrderStream } from '#event-store/streams.js';
import { counted } from '#platform/counted.js';
import { CliError } from '../support/cli-error.js';
import { Stopped } from '../support/interruption.js';
import { takeLock, type ProcessLock } from '../support/process-lock.js';
import { lineOf } from './event-line.js';
import { EventsFileReader, withFile } from './events-file.reader.js';
import { EventsFileWriter } from './events-file.writer.js';
import { Patience, storedOrderEvents } from './stored-order-events.js';
import { WholeStreams } from './whole-streams.js';

export interface ExportOptions {
  readonly store: ExactEventStore;
  readonly path: string;
  /** Told how many events were seen so far while an existing file is checked. */
  readonly onLooked: (what: string, events: number) => void;
  /** Told after each event. */
  readonly onProgress: (progress: ExportProgress) => void;
  readonly tell: (line: string) => void;
  readonly stopAsked: () => boolean;
}

export interface ExportProgress {
  /** Events in the file, and those that wait to be written. */
  readonly events: number;
  readonly position: bigint;
  readonly upTo: bigint;
}

export interface ExportResult {
  readonly file: string;
  /** Identity of the event store. */
  readonly store: string;
  readonly events: number;
  readonly orders: number;
  /** Events that an earlier run wrote. */
  readonly alreadyThere: number;
  /** The file holds all events up to this position. */
  readonly position: string;
  /** Hash of all lines of events: the same for the same orders, whichever store they come from. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly seconds: number;
}

/**
 * Copies every order's stream into a file, or goes on with an interrupted export.
 *
 * @throws CliError when the file is of another store, complete or damaged, when another export writes it, or when a
 * stream is not whole
 * @throws Stopped on Ctrl-C
 */
export async function exportEvents(options: ExportOptions): Promise<ExportResult> {
  const startedMs = performance.now();
  const { store, path } = options;
  const storeId = await storeIdentity(store);
  return withFile(path, 'a+', async () => {
    const lock = await lockOf(path);
    try {
      // `a+` creates a missing file; writing at an offset needs `r+`.
      return await withFile(path, 'r+', (file) => exportInto(file, options, storeId, startedMs));
    } finally {
      await lock.release();
    }
  });
}

async function exportInto(
  file: FileHandle,
  options: ExportOptions,
  storeId: string,
  startedMs: number,
): Promise<ExportResult> {
  const { path } = options;
  const streams = new WholeStreams();
  const { writer, after } = await writerOf(file, options, storeId, streams);
  const alreadyThere = writer.events;
  if (alreadyThere > 0)
    options.tell(
      `going on after the ${counted(alreadyThere, 'event that is', 'events that are')} in ${path} already`,
    );
  await copy(writer, after, streams, options);
  const { events, sha256 } = await writer.finish(streams.count);
  return {
    file: path,
    store: storeId,
    events,
    orders: streams.count,
    alreadyThere,
    position: writer.header.upTo,
    sha256,
    sizeBytes: writer.sizeBytes,
    seconds: Math.round(performance.now() - startedMs) / 1_000,
  };
}

/** Two exports would write over each other's chunks, and both would report success. */
async function lockOf(path: string): Promise<ProcessLock> {
  const lock = `${await realpath(path)}.lock`; // beside the file itself, under whatever name it was given
  try {
    return await takeLock(
      lock,
      (pid) =>
        `${path}: another export is writing it (process ${pid}): wait until it has ended, or name another file`,
    );
  } catch (error) {
    if (error instanceof CliError) throw error;
    const why = (error as Error).message;
    throw new CliError(`${path}: cannot write ${lock} beside it: ${why}`, { cause: error });
  }
}

async function writerOf(
  file: FileHandle,
  { store, path, onLooked, stopAsked }: ExportOptions,
  storeId: string,
  streams: WholeStreams,
): Promise<{ writer: EventsFileWriter; after: bigint | null }> {
  const reader = await EventsFileReader.open(path, file);
  if (reader === null) {
    const upTo = String((await store.headPosition()) ?? 0n);
    return { writer: await EventsFileWriter.begin(file, { store: storeId, upTo }), after: null };
  }
  if (reader.header.store !== storeId) {
    throw new CliError(
      `${path} is an export of event store ${reader.header.store}, but this is ${storeId}: name another file`,
    );
  }
  let after: bigint | null = null;
  let looked = 0;
  const writer = await EventsFileWriter.goOn(file, reader, ({ lines, end }) => {
    if (stopAsked())
      throw new Stopped('stopped before anything was written: run the same command again to go on');
    onLooked(`checking ${path}`, (looked += lines.length));
    for (const line of lines) streams.add(JSON.parse(line) as StoredExactEvent);
    after = BigInt(end.position);
  });
  if (reader.footer !== null) {
    throw new CliError(
      `${path} is complete already, with ${counted(writer.events, 'event')} up to position ${reader.header.upTo}: name another file for a new export`,
    );
  }
  return { writer, after };
}

async function copy(
  writer: EventsFileWriter,
  after: bigint | null,
  streams: WholeStreams,
  { store, path, onProgress, tell, stopAsked }: ExportOptions,
): Promise<void> {
  const upTo = BigInt(writer.header.upTo);
  const patience = new Patience(tell, stopAsked);
  let position = after ?? 0n;
  try {
    for await (const event of storedOrderEvents(store, { after, upTo, patience })) {
      patience.goOn();
      // The name only begins like that of an order's stream. An import would refuse the event.
      if (parseOrderStream(event.stream) === null) continue;
      streams.add(event);
      ({ position } = event);
      await writer.add(lineOf(event), position);
      onProgress({ events: writer.events, position, upTo });
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    await writer.endChunk();
    throw new Stopped(
      `stopped after ${counted(writer.events, 'event')}, at position ${position} of ${upTo}: run the same command again to go on from there (${path} is not complete)`,
      { cause: error },
    );
  }
}
