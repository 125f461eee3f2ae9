import { ORDERS_PROJECTION, SEARCH_PROJECTION } from '../orders.projection.js';
import { SHARED_SCHEMA } from '../schema.js';
import type { ReadModels } from './read-models.js';

/** Where an order's row or document ends for now: at an event that could not be applied. */
export interface ParkedAt {
  /** Of the first event that is missing in what is shown. */
  readonly revision: number;
  /** For staff: it may tell of how the system works. */
  readonly reason: string;
}

interface Order {
  readonly tenantId: string;
  readonly orderId: string;
}

/** null: nothing of the order is parked in that projection of the active generation. */
export async function readParked(
  models: ReadModels,
  { tenantId, orderId }: Order,
  projection = ORDERS_PROJECTION,
): Promise<ParkedAt | null> {
  return models.read(async ({ id, rowsOf }, pool) => {
    const { rows } = await pool.query<ParkedAt>(
      `SELECT revision, reason FROM ${SHARED_SCHEMA}.quarantine
       WHERE projection = $1 AND generation = $2 AND tenant_id = $3 AND order_id = $4 ORDER BY revision LIMIT 1`,
      [projection, projection === ORDERS_PROJECTION ? rowsOf : id, tenantId, orderId],
    );
    return rows[0] ?? null;
  });
}

/** Those of the orders that are shown without their latest changes: their rows or, in a search, their documents. */
export async function readParkedAmong(
  models: ReadModels,
  tenantId: string,
  orderIds: readonly string[],
  shownBy: 'rows' | 'search' = 'rows',
): Promise<string[]> {
  if (orderIds.length === 0) return [];
  return models.read(async ({ id, rowsOf }, pool) => {
    // What a search shows is made of the rows: a document lacks what its row lacks.
    const searched = shownBy === 'search' ? id : null;
    const { rows } = await pool.query<{ orderId: string }>(
      `SELECT DISTINCT order_id AS "orderId" FROM ${SHARED_SCHEMA}.quarantine
       WHERE (projection, generation) IN (($1, $2::int), ($3, $4::int))
         AND tenant_id = $5 AND order_id = ANY($6::uuid[])`,
      [ORDERS_PROJECTION, rowsOf, SEARCH_PROJECTION, searched, tenantId, orderIds],
    );
    return rows.map(({ orderId }) => orderId);
  });
}
