import { setTimeout as delay } from 'node:timers/promises';
import { StoreUnavailable, StreamDeleted } from '#event-store/errors.js';
import type { EventStore, ExactEventStore, RawEvent, StoredExactEvent } from '#event-store/port.js';

export type ReadableStore = Pick<EventStore, 'readStream' | 'headPosition'>;
export type ExactReadableStore = Pick<ExactEventStore, 'readStreamExact' | 'headPosition'>;

interface Range {
  readonly fromRevision: number;
  readonly maxCount: number;
}

type Read<Event> = readonly Event[] | StreamDeleted | StoreUnavailable;

const TRIES = 5;
const PAUSE_MS = 250;

/**
 * Reads events of one stream. An error is returned, not thrown, where this stream alone cannot be read. Reading is
 * tried several times before that: the relay never retries by itself what it has parked, so a broken connection
 * must not park anything.
 *
 * @throws StoreUnavailable when the event store as a whole is away
 */
export function readStream(eventStore: ReadableStore, stream: string, range: Range): Promise<Read<RawEvent>> {
  return triedOften(eventStore, () => eventStore.readStream(stream, range));
}

/** The same, byte for byte. */
export function readStreamExact(
  eventStore: ExactReadableStore,
  stream: string,
  range: Range,
): Promise<Read<StoredExactEvent>> {
  return triedOften(eventStore, () => eventStore.readStreamExact(stream, range));
}

async function triedOften<Event>(
  eventStore: Pick<EventStore, 'headPosition'>,
  read: () => AsyncIterable<Event>,
): Promise<Read<Event>> {
  for (let tries = 1; ; tries++) {
    const events: Event[] = [];
    try {
      for await (const event of read()) events.push(event);
      return events;
    } catch (error) {
      if (error instanceof StreamDeleted) return error;
      if (!(error instanceof StoreUnavailable)) throw error;
      await eventStore.headPosition();
      if (tries === TRIES) return error;
    }
    await delay(PAUSE_MS * tries * (0.5 + Math.random() / 2));
  }
}
