import { orderStream } from '#event-store/streams.js';
import type { Queryable } from '../queryable.js';
import { ORDERS_PROJECTION } from '../orders.projection.js';
import { SHARED_SCHEMA } from '../schema.js';
import { SkippedEvents } from '../skipped-events.js';
import { rowsOrNone } from './rows-or-none.js';
import { keyArrays, type OrderKey } from '../order-key.js';

/** An event that a projection leaves out. */
export interface Skip extends OrderKey {
  readonly projection: string;
  readonly revision: number;
  /** As the person who skipped it gave it. */
  readonly reason: string;
  readonly who: string;
  readonly skippedAt: Date;
}

const COLUMNS = `projection, tenant_id AS "tenantId", order_id AS "orderId", revision, reason, who,
  skipped_at AS "skippedAt"`;

/** Which events a projection leaves out, of all orders or of some. They are few. */
export async function skippedEvents(
  db: Queryable,
  { projection = ORDERS_PROJECTION, orders }: { projection?: string; orders?: readonly OrderKey[] } = {},
): Promise<SkippedEvents> {
  const values: unknown[] = [projection];
  let which = 'projection = $1';
  if (orders) {
    which += ' AND (tenant_id, order_id) IN (SELECT * FROM unnest($2::text[], $3::uuid[]))';
    values.push(...keyArrays(orders));
  }
  return skippedWhere(db, which, values);
}

/** The events that are left out of any projection whose name begins with the prefix. */
export function skippedByAny(db: Queryable, prefix: string): Promise<SkippedEvents> {
  return skippedWhere(db, 'starts_with(projection, $1)', [prefix]);
}

async function skippedWhere(db: Queryable, which: string, values: unknown[]): Promise<SkippedEvents> {
  const skipped = new SkippedEvents();
  const rows = await rowsOrNone<Pick<Skip, 'tenantId' | 'orderId' | 'revision'>>(
    db,
    `SELECT tenant_id AS "tenantId", order_id AS "orderId", revision
     FROM ${SHARED_SCHEMA}.skips WHERE ${which}`,
    values,
  );
  for (const { tenantId, orderId, revision } of rows) skipped.add(orderStream(tenantId, orderId), revision);
  return skipped;
}

/** Everything that was skipped of one order, in any projection. */
export function skipsOfOrder(db: Queryable, { tenantId, orderId }: OrderKey): Promise<Skip[]> {
  return rowsOrNone<Skip>(
    db,
    `SELECT ${COLUMNS} FROM ${SHARED_SCHEMA}.skips
     WHERE tenant_id = $1 AND order_id = $2 ORDER BY projection, revision`,
    [tenantId, orderId],
  );
}

/** Leaves an event out from now on; does nothing when it is left out already. */
export async function addSkip(db: Queryable, skip: Omit<Skip, 'skippedAt'>): Promise<void> {
  const { projection, tenantId, orderId, revision, reason, who } = skip;
  await db.query(
    `INSERT INTO ${SHARED_SCHEMA}.skips (projection, tenant_id, order_id, revision, reason, who)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
    [projection, tenantId, orderId, revision, reason, who],
  );
}
