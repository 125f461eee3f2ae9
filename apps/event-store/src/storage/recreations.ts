import type { KnownEvent } from '../rules/append.decider.js';
import { isMetastream, isSoftDeleted } from '../rules/stream-state.js';
import type { EventReader } from './event-reader.js';
import type { PendingWrite } from './pending-write.js';
import type { StreamStates } from './stream-states.js';

/** Those of the writes that may recreate a deleted stream. The states of all streams must be loaded. */
export function recreationsAmong(writes: readonly PendingWrite[], states: StreamStates): PendingWrite[] {
  return writes.filter((write) => mayRecreate(write, writes, states));
}

/**
 * The first stored events of the deleted streams that `recreations` may recreate, by event id. They tell whether an
 * append only repeats how its stream began.
 *
 * @throws StorageUnavailable
 */
export async function firstEventsOf(
  recreations: readonly PendingWrite[],
  reader: EventReader,
): Promise<ReadonlyMap<string, KnownEvent>> {
  const known = new Map<string, KnownEvent>();
  const places = recreations.flatMap(({ stream, events }) =>
    events.map((_, revision) => ({ stream, revision })),
  );
  const stored = await reader.eventsAt(places);
  stored.forEach((event, index) => {
    if (event) known.set(event.id, { ...places[index]!, position: event.position });
  });
  return known;
}

function mayRecreate(
  { kind, stream, expected }: PendingWrite,
  batch: readonly PendingWrite[],
  states: StreamStates,
): boolean {
  if (kind !== 'append' || expected !== 'no_stream' || isMetastream(stream)) return false;
  const state = states.decided(stream);
  if (state.revision < 0) return false;
  return isSoftDeleted(state) || batch.some((other) => other.kind === 'delete' || isMetastream(other.stream));
}
