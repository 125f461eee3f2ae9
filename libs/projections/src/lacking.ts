import { metadataOf } from '#event-store/metadata.js';
import { nextOrderEvent } from '#event-store/next-order-event.js';
import type { EventStore } from '#event-store/port.js';
import type { Surroundings } from './common-status.js';
import type { ProjectionEngine } from './engine/projection-engine.js';

/** A scrape waits no longer for what it may as well say the next time. */
const ASK_LIMIT_MS = 1_000;

/**
 * Of what is behind the head, how long ago the first event that it lacks was recorded; 0: it lacks none.
 * null: it is not behind, another process has it, or nobody says.
 */
export async function lackingMs(
  eventStore: Pick<EventStore, 'subscribeToAll'>,
  { engine, position }: { readonly engine: ProjectionEngine; readonly position: bigint | null },
  { head }: Surroundings,
): Promise<number | null> {
  if (engine.state === 'standby' || (position ?? -1n) >= (head ?? -1n)) return null;
  const late = AbortSignal.timeout(ASK_LIMIT_MS);
  try {
    const lacking = await nextOrderEvent(eventStore, position, late);
    if (lacking === null) return late.aborted ? null : 0;
    const metadata = metadataOf(lacking.metadata);
    return typeof metadata === 'string' ? null : Math.max(0, Date.now() - Date.parse(metadata.recordedAt));
  } catch {
    return null; // it is away, which the states tell
  }
}
