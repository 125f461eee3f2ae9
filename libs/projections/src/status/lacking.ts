import { checkedMetadata } from '#event-store/metadata.js';
import { ageMs, nextOrderEvent } from '#event-store/next-order-event.js';
import type { EventStore } from '#event-store/port.js';
import type { Followed, Surroundings } from './common-status.js';
import type { ProjectionEngine } from '../engine/projection-engine.js';

/** A scrape waits no longer: the next one may have the answer. */
const ASK_LIMIT_MS = 3_000;

interface FirstLacking {
  readonly position: bigint;
  readonly recordedAt: string;
}

/**
 * The first event that each projection lacks: it stays the first until it is applied, so nobody has to be asked again.
 */
const known = new WeakMap<ProjectionEngine, FirstLacking>();

/**
 * How long ago the first event that the projection lacks was recorded; 0: it lacks none. null: it is not behind
 * the head, its position is not known, another projector has the lease, or the store does not answer.
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
    const metadata = checkedMetadata(event.metadata);
    if (typeof metadata === 'string') return null;
    const lacking = { position: event.position, recordedAt: metadata.recordedAt };
    known.set(engine, lacking);
    return ageMs(lacking.recordedAt);
  } catch {
    return null; // the store is away or silent, as the states tell
  }
}
