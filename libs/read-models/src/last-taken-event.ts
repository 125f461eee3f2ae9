import { orderStream } from '#event-store/streams.js';
import type { SeenEvent } from './generations/made-from.js';
import { ORDERS_PROJECTION } from './orders.projection.js';
import type { Queryable } from './queryable.js';
import { SHARED_SCHEMA } from './schema.js';

interface LastRow {
  readonly tenant_id: string;
  readonly order_id: string;
  readonly revision: number;
  readonly event_id: string;
}

/** The event with the greatest position that a generation's rows have, or that is parked; null: there is none. */
export async function lastTakenEvent(
  db: Queryable,
  { id, schema }: { readonly id: number; readonly schema: string },
): Promise<SeenEvent | null> {
  const { rows } = await db.query<LastRow>(statement(`${schema}.order_history`), [id, ORDERS_PROJECTION]);
  const [row] = rows;
  if (!row) return null;
  const { tenant_id: tenantId, order_id: orderId, revision, event_id: eventId } = row;
  return { stream: orderStream(tenantId, orderId), revision, eventId };
}

// All indexes of the history begin with the tenant: it is looked up tenant by tenant, and no other row is read.
function statement(history: string): string {
  return `WITH RECURSIVE tenants AS (
      SELECT min(tenant_id) AS tenant_id FROM ${history}
      UNION ALL
      SELECT (SELECT min(h.tenant_id) FROM ${history} h WHERE h.tenant_id > t.tenant_id) FROM tenants t
        WHERE t.tenant_id IS NOT NULL
    )
    SELECT last.* FROM tenants t CROSS JOIN LATERAL (
      SELECT h.tenant_id, h.order_id, h.revision, h.event_id, h.position FROM ${history} h
        WHERE h.tenant_id = t.tenant_id ORDER BY h.position DESC LIMIT 1
    ) last
    UNION ALL
    SELECT q.tenant_id, q.order_id, q.revision, q.event_id, q.position FROM ${SHARED_SCHEMA}.quarantine q
      WHERE q.generation = $1 AND q.projection = $2 AND q.position IS NOT NULL AND q.event_id IS NOT NULL
    ORDER BY position DESC LIMIT 1`;
}
