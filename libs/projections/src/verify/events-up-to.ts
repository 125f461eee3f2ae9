import { StreamDeleted } from '#event-store/errors.js';
import type { EventStore, RawEvent } from '#event-store/port.js';

/** What an order's stream has up to a revision; null: it was deleted. @throws StoreUnavailable */
export async function eventsUpTo(
  eventStore: Pick<EventStore, 'readStream'>,
  stream: string,
  revision: number,
): Promise<readonly RawEvent[] | null> {
  const raw: RawEvent[] = [];
  try {
    for await (const event of eventStore.readStream(stream, { maxCount: revision + 1 })) {
      if (event.revision <= revision) raw.push(event); // a truncated stream begins later
    }
  } catch (error) {
    if (error instanceof StreamDeleted) return null;
    throw error;
  }
  return raw;
}
