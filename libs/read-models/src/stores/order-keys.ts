import type { Generation } from '../generations/generation.js';
import type { Queryable } from '../queryable.js';
import { keyArrays, type OrderKey } from '../order-key.js';

/** An order; its revision tells how many events it has, and rows of history, about. */
interface OrderWithRevision extends OrderKey {
  readonly revision: number;
}

/** Limits of one page: it is in memory with all its history, and with the streams of some of its orders. */
const PAGE = { orders: 200, events: 5_000 };

const KEY_COLUMNS = 'tenant_id AS "tenantId", order_id AS "orderId", revision';

/** All orders with a row, in the order of their keys, a page at a time. */
export async function* orderKeys(
  db: Queryable,
  { schema }: Generation,
): AsyncGenerator<OrderKey[], undefined, undefined> {
  let after: OrderKey | null = null;
  for (;;) {
    const clauses: string = after ? 'WHERE (tenant_id, order_id) > ($2, $3)' : '';
    const { rows }: { rows: OrderWithRevision[] } = await db.query<OrderWithRevision>(
      `SELECT ${KEY_COLUMNS} FROM ${schema}.orders ${clauses} ORDER BY tenant_id, order_id LIMIT $1`,
      after ? [PAGE.orders, after.tenantId, after.orderId] : [PAGE.orders],
    );
    if (rows.length === 0) return undefined;
    yield* pagesOf(rows);
    after = rows.at(-1)!;
  }
}

/** So many orders, chosen at random, a page at a time. */
export async function* sampledOrderKeys(
  db: Queryable,
  { schema }: Generation,
  sample: number,
): AsyncGenerator<OrderKey[], undefined, undefined> {
  const { rows } = await db.query<OrderWithRevision>(
    `SELECT ${KEY_COLUMNS} FROM ${schema}.orders ORDER BY random() LIMIT $1`,
    [sample],
  );
  yield* pagesOf(rows);
  return undefined;
}

/** How many orders have a row. */
export async function countOrders(db: Queryable, { schema }: Generation): Promise<number> {
  const { rows } = await db.query<{ count: string }>(`SELECT count(*) FROM ${schema}.orders`);
  return Number(rows[0]!.count);
}

/** Revisions of the rows of those of the orders that have one. */
export async function rowRevisions(
  db: Queryable,
  { schema }: Generation,
  keys: readonly OrderKey[],
): Promise<OrderWithRevision[]> {
  const { rows } = await db.query<OrderWithRevision>(
    `SELECT ${KEY_COLUMNS} FROM ${schema}.orders
     WHERE (tenant_id, order_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[]))`,
    keyArrays(keys),
  );
  return rows;
}

/** Those of the orders that have no row. */
export async function ordersWithoutRow(
  db: Queryable,
  { schema }: Generation,
  keys: readonly OrderKey[],
): Promise<OrderKey[]> {
  const { rows } = await db.query<OrderKey>(
    `SELECT k.tenant_id AS "tenantId", k.order_id AS "orderId"
     FROM unnest($1::text[], $2::uuid[]) AS k (tenant_id, order_id)
     WHERE NOT EXISTS (SELECT FROM ${schema}.orders o
       WHERE o.tenant_id = k.tenant_id AND o.order_id = k.order_id)`,
    keyArrays(keys),
  );
  return rows;
}

/** Orders that have rows in the table, and have no row in `orders`; no more than `limit`. */
export async function keysWithoutOrder(
  db: Queryable,
  { schema }: Generation,
  table: 'order_history' | 'order_search',
  limit: number,
): Promise<OrderKey[]> {
  const { rows } = await db.query<OrderKey>(
    `SELECT DISTINCT r.tenant_id AS "tenantId", r.order_id AS "orderId" FROM ${schema}.${table} r
     WHERE NOT EXISTS (SELECT FROM ${schema}.orders o
       WHERE o.tenant_id = r.tenant_id AND o.order_id = r.order_id) LIMIT ${limit}`,
  );
  return rows;
}

/** Divides orders into pages; an order with more events than a page may have is a page of its own. */
export function* pagesOf(
  orders: Iterable<OrderWithRevision>,
  limits = PAGE,
): Generator<OrderKey[], undefined, undefined> {
  let page: OrderKey[] = [];
  let events = 0;
  for (const { tenantId, orderId, revision } of orders) {
    const more = revision + 1;
    if (page.length === limits.orders || (page.length > 0 && events + more > limits.events)) {
      yield page;
      [page, events] = [[], 0];
    }
    page.push({ tenantId, orderId });
    events += more;
  }
  if (page.length > 0) yield page;
  return undefined;
}
