import type { KnownEvent } from '../rules/append.decider.js';
import { isMetastream, isSoftDeleted } from '../rules/stream-state.js';
import type { EventReader } from './event-reader.js';
import type { PendingWrite } from './pending-write.js';
import type { StreamStates } from './stream-states.js';

/**
 * The first stored events of the deleted streams that `writes` may recreate, by event id. They tell whether an
 * append only repeats how its stream began. The states of the streams must be loaded.
 *
 * @throws StorageUnavailable
 */
export async function firstEventsOfDeleted(
  writes: readonly PendingWrite[],
  states: StreamStates,
  reader: EventReader,
): Promise<ReadonlyMap<string, KnownEvent>> {
  const known = new Map<string, KnownEvent>();
  const places = writes
    .filter((write) => mayRecreate(write, writes, states))
    .flatMap(({ stream, events }) => events.map((_, revision) => ({ stream, revision })));
  if (places.length === 0) return known;
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
