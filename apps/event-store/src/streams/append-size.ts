import type { ProposedEvent } from '../wire/append-requests.js';

/** What an event counts towards the append limit. As in EventStoreDB, its type takes two bytes per character. */
export function eventBytes(event: Pick<ProposedEvent, 'type' | 'data' | 'metadata'>): number {
  return event.data.length + event.metadata.length + 2 * event.type.length;
}
