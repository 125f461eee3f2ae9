import type { ResolvedEvent } from '@eventstore/db-client';
import type { RawEvent } from './port.js';

/** An event as the port gives it. Links are never resolved, so there always is one. */
export function rawEventOf({ event, commitPosition }: ResolvedEvent): RawEvent {
  if (!event) throw new Error('the server sent a link or an event that is gone');
  const position = event.position?.commit ?? commitPosition;
  if (position === undefined) throw new Error(`the server sent ${event.streamId} without positions`);
  return {
    eventId: event.id,
    stream: event.streamId,
    revision: Number(event.revision),
    position,
    type: event.type,
    data: event.data,
    metadata: event.metadata,
  };
}
