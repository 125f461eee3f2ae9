import { count, counted } from '#platform/counted.js';
import type { ProjectionStatus } from './projections.js';

/** The orders that a projection has parked: a few by name, and how many more there are. */
export function parkedLines({ orders, events, longest }: ProjectionStatus['parked']): string[] {
  if (orders === 0) return [];
  const more = orders - longest.length;
  return [
    `parked: ${counted(orders, 'order')}, ${counted(events, 'event')}, the oldest first`,
    ...longest.map(
      ({ tenantId, orderId, revision, parkedAt, reason }) =>
        `${parkedAt.toISOString()}: ${tenantId} ${orderId}, event ${revision}: ${reason}`,
    ),
    ...(more === 0 ? [] : [`and ${count(more)} more: see \`orderctl quarantine list\``]),
  ];
}
