import { orderStream } from '#event-store/streams.js';
import type { Generation } from '../generations/generation.js';
import type { Queryable } from '../queryable.js';
import { ORDERS_PROJECTION } from '../orders.projection.js';
import { SHARED_SCHEMA } from '../schema.js';
import type { OrderKey } from '../order-key.js';

/**
 * Streams of orders whose rows still include an event that has been skipped: it was skipped because another
 * generation had parked it, or while no projector kept this generation.
 */
export async function streamsFoldedWithSkipped(db: Queryable, { schema }: Generation): Promise<string[]> {
  const { rows } = await db.query<OrderKey>(
    `SELECT DISTINCT s.tenant_id AS "tenantId", s.order_id AS "orderId" FROM ${SHARED_SCHEMA}.skips s
     JOIN ${schema}.order_history h USING (tenant_id, order_id, revision) WHERE s.projection = $1`,
    [ORDERS_PROJECTION],
  );
  return rows.map(({ tenantId, orderId }) => orderStream(tenantId, orderId));
}
