import type { ImportFigures } from '../import/import-plan.js';
import type { ReadModels } from './read-models.js';

/**
 * The import's figures, of all orders of a tenant, from their rows alone. Sums are over all currencies: a
 * shop's import has one.
 */
export async function readTotals({ pool, generation }: ReadModels, tenant: string): Promise<ImportFigures> {
  const { rows } = await pool.query<Record<keyof ImportFigures, string>>(
    `SELECT count(*) AS "ordersPlaced",
       coalesce(sum(line_count), 0) AS "linesImported",
       coalesce(sum(ordered_total_minor), 0) AS "totalMinor",
       count(*) FILTER (WHERE customer_id IS NULL) AS "guestOrders",
       coalesce(sum(returns_closed), 0) AS "returnsClosed",
       count(*) FILTER (WHERE returns_closed > 0) AS "ordersWithReturns",
       coalesce(sum(units_returned), 0) AS "unitsReturned",
       coalesce(sum(refunded_minor), 0) AS "refundedMinor"
     FROM ${generation.schema}.orders WHERE tenant_id = $1`,
    [tenant],
  );
  return Object.fromEntries(
    Object.entries(rows[0]!).map(([name, value]) => [name, Number(value)]),
  ) as unknown as ImportFigures;
}
