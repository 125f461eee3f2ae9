import { setTimeout as delay } from 'node:timers/promises';
import { StoreUnavailable, StreamDeleted } from '#event-store/errors.js';
import type { EventStore, RawEvent } from '#event-store/port.js';

export type ReadableStore = Pick<EventStore, 'readStream' | 'headPosition'>;

const TRIES = 5;
const PAUSE_MS = 250;

/**
 * What a stream has; or why it cannot be read, where it is that stream alone. It is read more than once before: the
 * relay does not try by itself what it has parked, and so must park nothing because a connection broke.
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
