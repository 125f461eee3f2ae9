import { metadataOf } from '#event-store/metadata.js';
import { ageMs, nextOrderEvent } from '#event-store/next-order-event.js';
import type { EventStore } from '#event-store/port.js';
import type { Followed, Surroundings } from './common-status.js';
import type { ProjectionEngine } from '../engine/projection-engine.js';

/** A scrape waits no longer for what it may as well say the next time. */
const ASK_LIMIT_MS = 3_000;

interface FirstLacking {
  readonly position: bigint;
  readonly recordedAt: string;
}

/** What each was found to lack: it goes on lacking just that until it is there, and nobody has to be asked again. */
const known = new WeakMap<ProjectionEngine, FirstLacking>();

/**
 * Of what is behind the head, how long ago the first event that it lacks was recorded; 0: it lacks none.
 * null: it is not behind, or not known to be, another process has it, or nobody says.
 */
export async function lackingMs(
  eventStore: Pick<EventStore, 'subscribeToAll'>,
  { engine, position, isKnown }: Followed,
  { head }: Surroundings,
): Promise<number | null> {
  if (!isKnown || engine.state === 'standby' || (position ?? -1n) >= (head ?? -1n)) return null;
  const before = known.get(engine);
  if (before !== undefined && (position ?? -1n) < before.position) return ageMs(before.recordedAt);
  try {
    const event = await nextOrderEvent(eventStore, position, { withinMs: ASK_LIMIT_MS });
    if (event === null) return 0;
    const metadata = metadataOf(event.metadata);
    if (typeof metadata === 'string') return null;
    const lacking = { position: event.position, recordedAt: metadata.recordedAt };
    known.set(engine, lacking);
    return ageMs(lacking.recordedAt);
  } catch {
    return null; // it is away or silent, which the states tell
  }
}
