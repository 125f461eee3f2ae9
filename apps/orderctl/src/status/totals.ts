import { sum, type ImportFigures } from '../import/import-plan.js';
import type { ReadModels } from './read-models.js';

type Amount = 'totalMinor' | 'refundedMinor';

/** The figures of an import, for all orders of a tenant. Amounts of different currencies are never added up. */
interface OrderTotals extends Omit<ImportFigures, Amount> {
  readonly currencies: readonly CurrencyTotals[];
}

interface CurrencyTotals extends Pick<ImportFigures, 'ordersPlaced' | Amount> {
  readonly currency: string;
}

/** Computed from the rows of the orders alone. */
export async function readTotals({ pool, generation }: ReadModels, tenant: string): Promise<OrderTotals> {
  const { rows } = await pool.query<Record<keyof ImportFigures | 'currency', string>>(
    `SELECT currency,
       count(*) AS "ordersPlaced",
       sum(line_count) AS "linesImported",
       sum(ordered_total_minor) AS "totalMinor",
       count(*) FILTER (WHERE customer_id IS NULL) AS "guestOrders",
       sum(returns_closed) AS "returnsClosed",
       count(*) FILTER (WHERE returns_closed > 0) AS "ordersWithReturns",
       sum(units_returned) AS "unitsReturned",
       sum(refunded_minor) AS "refundedMinor"
     FROM ${generation.schema}.orders WHERE tenant_id = $1 GROUP BY currency ORDER BY currency`,
    [tenant],
  );
  const inAll = (figure: keyof ImportFigures) => sum(rows, (row) => Number(row[figure]));
  return {
    ordersPlaced: inAll('ordersPlaced'),
    linesImported: inAll('linesImported'),
    guestOrders: inAll('guestOrders'),
    returnsClosed: inAll('returnsClosed'),
    ordersWithReturns: inAll('ordersWithReturns'),
    unitsReturned: inAll('unitsReturned'),
    currencies: rows.map(({ currency, ordersPlaced, totalMinor, refundedMinor }) => ({
      currency,
      ordersPlaced: Number(ordersPlaced),
      totalMinor: Number(totalMinor),
      refundedMinor: Number(refundedMinor),
    })),
  };
}
