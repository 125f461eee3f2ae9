import type { ProposedEvent } from '../wire/append-requests.js';

/** What an event counts towards the append limit: EventStoreDB takes two bytes per character of the type. */
export function eventBytes(event: Pick<ProposedEvent, 'type' | 'data' | 'metadata'>): number {
  return event.data.length + event.metadata.length + 2 * event.type.length;
}
