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

/** Of what a page is made. */
export type ShownBy = 'rows' | 'search';

const FEW = 100;

/** Those of the orders that are shown without their latest changes: their rows or, in a search, their documents. */
export async function readParkedAmong(
  models: ReadModels,
  tenantId: string,
  orderIds: readonly string[],
  shownBy: ShownBy,
): Promise<string[]> {
  if (orderIds.length === 0) return [];
  return readParkedIds(models, tenantId, shownBy, orderIds, null);
}

/** The same of all orders of a tenant, to be asked for beside a page; null: they are many. */
export async function readFewParked(
  models: ReadModels,
  tenantId: string,
  shownBy: ShownBy,
): Promise<string[] | null> {
  const ids = await readParkedIds(models, tenantId, shownBy, null, FEW + 1);
  return ids.length > FEW ? null : ids;
}

function readParkedIds(
  models: ReadModels,
  tenantId: string,
  shownBy: ShownBy,
  among: readonly string[] | null,
  limit: number | null,
): Promise<string[]> {
  return models.read(async ({ id, rowsOf }, pool) => {
    // What a search shows is made of the rows: a document lacks what its row lacks.
    const searched = shownBy === 'search' ? id : null;
    const { rows } = await pool.query<{ orderId: string }>({
      name: `parked_${among === null ? 'few' : 'among'}`,
      text: `SELECT DISTINCT order_id AS "orderId" FROM ${SHARED_SCHEMA}.quarantine
        WHERE (projection, generation) IN (($1, $2::int), ($3, $4::int))
          AND tenant_id = $5 ${among === null ? 'LIMIT $6::int' : 'AND order_id = ANY($6::uuid[])'}`,
      values: [ORDERS_PROJECTION, rowsOf, SEARCH_PROJECTION, searched, tenantId, among ?? limit],
    });
    return rows.map(({ orderId }) => orderId);
  });
}
