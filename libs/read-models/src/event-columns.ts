import type { ColumnType } from './order-summary.js';
import type { HistoryRow } from './orders.projection.js';

export interface EventColumn {
  readonly field: Exclude<keyof HistoryRow, 'summary'>;
  readonly column: string;
  readonly type: Exclude<ColumnType, 'text[]'>;
  readonly nullable: boolean;
}

const column = (
  field: EventColumn['field'],
  name: string,
  type: EventColumn['type'],
  nullable = false,
): EventColumn => ({ field, column: name, type, nullable });

/**
 * The columns of `order_history` that tell of the event; the others are `summaryColumns`. The writers of the table and
 * verify go by this list, in this order.
 */
export const eventColumns: readonly EventColumn[] = [
  column('position', 'position', 'int8'),
  column('eventId', 'event_id', 'uuid'),
  column('type', 'type', 'text'),
  column('data', 'data', 'json'),
  column('commandId', 'command_id', 'uuid'),
  column('correlationId', 'correlation_id', 'text'),
  column('causationId', 'causation_id', 'text', true),
  column('actorType', 'actor_type', 'text'),
  column('actorId', 'actor_id', 'text'),
  column('occurredAt', 'occurred_at', 'timestamptz'),
  column('recordedAt', 'recorded_at', 'timestamptz'),
  column('occurredUntil', 'occurred_until', 'timestamptz', true),
  column('recordedUntil', 'recorded_until', 'timestamptz', true),
  column('toldName', 'told_name', 'text', true),
];

/**
 * Adds what the row has in `eventColumns`, JSON as text. Written out, as every event passes here: reading the fields
 * by their names takes longer. `event-columns.spec.ts` compares this with the list.
 */
export function pushEventValues(values: unknown[], row: HistoryRow): void {
  values.push(row.position, row.eventId, row.type, JSON.stringify(row.data), row.commandId);
  values.push(row.correlationId, row.causationId, row.actorType, row.actorId);
  values.push(row.occurredAt, row.recordedAt, row.occurredUntil, row.recordedUntil, row.toldName);
}
