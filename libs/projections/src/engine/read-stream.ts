import { setTimeout as delay } from 'node:timers/promises';
import { StoreUnavailable, StreamDeleted } from '#event-store/errors.js';
import type { EventStore, RawEvent } from '#event-store/port.js';

export type ReadableStore = Pick<EventStore, 'readStream' | 'headPosition'>;

const TRIES = 5;
const PAUSE_MS = 250;

/**
 * Reads events of one stream. An error is returned, not thrown, where this stream alone cannot be read. Reading is
 * tried several times before that: the relay never retries by itself what it has parked, so a broken connection
 * must not park anything.
 *
 * @throws StoreUnavailable when the event store as a whole is away
 */
export async function readStream(
  eventStore: ReadableStore,
  stream: string,
  range: { readonly fromRevision: number; readonly maxCount: number },
): Promise<readonly RawEvent[] | StreamDeleted | StoreUnavailable> {
  for (let tries = 1; ; tries++) {
    const raw: RawEvent[] = [];
    try {
      for await (const event of eventStore.readStream(stream, range)) raw.push(event);
      return raw;
    } catch (error) {
      if (error instanceof StreamDeleted) return error;
      if (!(error instanceof StoreUnavailable)) throw error;
      await eventStore.headPosition();
      if (tries === TRIES) return error;
    }
    await delay(PAUSE_MS * tries * (0.5 + Math.random() / 2));
  }
}
