import type { Generation } from '../generations/generation.js';
import type { Queryable } from '../queryable.js';

/** Figures of a tenant's orders in one currency. */
export interface TenantTotals {
  readonly currency: string;
  readonly orders: number;
  readonly lines: number;
  readonly guestOrders: number;
  readonly returnsClosed: number;
  readonly ordersWithReturns: number;
  readonly unitsReturned: number;
  readonly orderedTotalMinor: number;
  readonly refundedMinor: number;
}

/** Of all orders of a tenant, by currency: amounts of different currencies are never added up. */
export async function totalsByCurrency(
  db: Queryable,
  { schema }: Generation,
  tenant: string,
): Promise<TenantTotals[]> {
  const { rows } = await db.query<Record<keyof TenantTotals, string>>(
    `SELECT currency,
       count(*) AS orders,
       sum(line_count) AS lines,
       sum(ordered_total_minor) AS "orderedTotalMinor",
       count(*) FILTER (WHERE customer_id IS NULL) AS "guestOrders",
       sum(returns_closed) AS "returnsClosed",
       count(*) FILTER (WHERE returns_closed > 0) AS "ordersWithReturns",
       sum(units_returned) AS "unitsReturned",
       sum(refunded_minor) AS "refundedMinor"
     FROM ${schema}.orders WHERE tenant_id = $1 GROUP BY currency ORDER BY currency`,
    [tenant],
  );
  return rows.map((row) => ({
    currency: row.currency,
    orders: Number(row.orders),
    lines: Number(row.lines),
    guestOrders: Number(row.guestOrders),
    returnsClosed: Number(row.returnsClosed),
    ordersWithReturns: Number(row.ordersWithReturns),
    unitsReturned: Number(row.unitsReturned),
    orderedTotalMinor: Number(row.orderedTotalMinor),
    refundedMinor: Number(row.refundedMinor),
  }));
}
