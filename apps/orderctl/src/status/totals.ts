import { totalsByCurrency } from '#read-models/stores/tenant-totals.js';
import { sum, type ImportFigures } from '../import/import-plan.js';
import type { OpenReadModels } from '../support/read-models.js';

type Amount = 'totalMinor' | 'refundedMinor';

/** The figures of an import, for all orders of a tenant. Amounts of different currencies are never added up. */
interface TenantFigures extends Omit<ImportFigures, Amount | 'linesImported'> {
  readonly lines: number;
  readonly currencies: readonly CurrencyFigures[];
}

interface CurrencyFigures extends Pick<ImportFigures, 'ordersPlaced' | Amount> {
  readonly currency: string;
}

/** Computed from the rows of the orders alone. */
export async function readTotals(
  { pool, generation }: OpenReadModels,
  tenant: string,
): Promise<TenantFigures> {
  const totals = await totalsByCurrency(pool, generation, tenant);
  return {
    ordersPlaced: sum(totals, ({ orders }) => orders),
    lines: sum(totals, ({ lines }) => lines),
    guestOrders: sum(totals, ({ guestOrders }) => guestOrders),
    returnsClosed: sum(totals, ({ returnsClosed }) => returnsClosed),
    ordersWithReturns: sum(totals, ({ ordersWithReturns }) => ordersWithReturns),
    unitsReturned: sum(totals, ({ unitsReturned }) => unitsReturned),
    currencies: totals.map(({ currency, orders, orderedTotalMinor, refundedMinor }) => ({
      currency,
      ordersPlaced: orders,
      totalMinor: orderedTotalMinor,
      refundedMinor,
    })),
  };
}
