import type pg from 'pg';
import { decode } from '#event-store/codec.js';
import type { EventStore, RawEvent } from '#event-store/port.js';
import { ORDER_STREAM_PREFIX, parseOrderStream } from '#event-store/streams.js';
import type { OrderPersonal } from '#domain/order/state.js';
import { documentOf, orderOf, type OrderDocument } from '#read-models/order-document.js';
import { summaryColumns, summaryOf, type OrderSummary } from '#read-models/order-summary.js';
import { foldOrder, historyRowOf } from '#read-models/orders.projection.js';

const names = summaryColumns.map(({ column }) => column);
const places = (count: number, from = 1) =>
  Array.from({ length: count }, (_, i) => `$${from + i}`).join(', ');
const valuesOf = (summary: OrderSummary): unknown[] => summaryColumns.map(({ field }) => summary[field]);

/**
 * The projector that one would write first, as a comparison for the bulk build. For each event, one transaction
 * reads the row of its order, folds the event, writes the row and its history, and stores the checkpoint. Search
 * is left out.
 */
export async function projectOneByOne(
  eventStore: Pick<EventStore, 'subscribeToAll'>,
  db: pg.Client,
  schema: string,
  maxEvents: number,
): Promise<number> {
  await db.query(
    `CREATE TABLE ${schema}.one_by_one (position bigint NOT NULL); INSERT INTO ${schema}.one_by_one VALUES (-1)`,
  );
  const stop = new AbortController();
  let events = 0;
  const all = eventStore.subscribeToAll({
    after: null,
    streamPrefix: ORDER_STREAM_PREFIX,
    signal: stop.signal,
  });
  for await (const message of all) {
    if (message.kind === 'event') await applyOne(db, schema, message.event);
    if (message.kind === 'event') events += 1;
    if (message.kind === 'caught_up' || events === maxEvents) stop.abort();
  }
  return events;
}

async function applyOne(db: pg.Client, schema: string, raw: RawEvent): Promise<void> {
  const { tenantId, orderId } = parseOrderStream(raw.stream)!;
  const [event] = await decode([raw]);
  await db.query('BEGIN');
  const { rows } = await db.query<{ document: OrderDocument; personal: OrderPersonal }>({
    name: `${schema}_load`,
    text: `SELECT document, personal FROM ${schema}.orders WHERE tenant_id = $1 AND order_id = $2`,
    values: [tenantId, orderId],
  });
  const before = rows[0] ? orderOf(rows[0].document, rows[0].personal) : null;
  const order = foldOrder(before, event!);
  const summary = valuesOf(summaryOf(order));
  const columns = [...names, 'document', 'personal'];
  await db.query({
    name: `${schema}_upsert`,
    text: `INSERT INTO ${schema}.orders (${columns.join(', ')}) VALUES (${places(columns.length)})
      ON CONFLICT (tenant_id, order_id) DO UPDATE SET ${columns.map((name) => `${name} = excluded.${name}`).join(', ')}`,
    values: [...summary, JSON.stringify(documentOf(order)), JSON.stringify(order.personal)],
  });
  const row = historyRowOf(order, event!);
  await db.query({
    name: `${schema}_history`,
    text: `INSERT INTO ${schema}.order_history (${names.join(', ')}, position, event_id, type, data, command_id,
        correlation_id, causation_id, actor_type, actor_id, occurred_at, recorded_at)
      VALUES (${places(names.length + 11)})`,
    values: [
      ...summary,
      ...[row.position.toString(), row.eventId, row.type, JSON.stringify(row.data), row.commandId],
      ...[row.correlationId, row.causationId, row.actorType, row.actorId, row.occurredAt, row.recordedAt],
    ],
  });
  await db.query({
    name: `${schema}_period`,
    text: `UPDATE ${schema}.order_history SET occurred_until = $4, recorded_until = $5
      WHERE tenant_id = $1 AND order_id = $2 AND revision = $3 - 1`,
    values: [tenantId, orderId, raw.revision, row.occurredAt, row.recordedAt],
  });
  await db.query({
    name: `${schema}_checkpoint`,
    text: `UPDATE ${schema}.one_by_one SET position = $1`,
    values: [raw.position.toString()],
  });
  await db.query('COMMIT');
}
