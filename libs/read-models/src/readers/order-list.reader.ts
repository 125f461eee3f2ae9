import { checkpointOf } from '../checkpoints.js';
import { ORDERS_PROJECTION } from '../orders.projection.js';
import { summarySource, type SummaryQuestion } from './as-of.js';
import { givenIn, lookupConditions, NO_LOOKUP, type OrderLookup } from './order-lookup.js';
import { OrderSort, type ListSort } from './order-sort.js';
import type { ReadModels } from './read-models.js';
import { allOf, Parameters } from './sql.js';
import { selectSummary, summaryItemOf, type SummaryItem, type SummaryRow } from './summary-item.js';

export interface Page<T> {
  readonly items: readonly T[];
  /** null: there is no further page. */
  readonly nextCursor: string | null;
}

export interface OrderListQuestion extends SummaryQuestion {
  readonly lookup?: OrderLookup;
  readonly sort: ListSort;
  readonly cursor: string | null;
  readonly limit: number;
}

/** A page, and a position that `orders` had reached once it was read. */
export interface ListedOrders {
  readonly page: Page<SummaryItem>;
  /** null: it has read nothing yet. */
  readonly position: bigint | null;
}

/**
 * A page of orders, as they are or as they were.
 *
 * @throws InvalidCursor
 */
export async function listOrders(models: ReadModels, question: OrderListQuestion): Promise<ListedOrders> {
  const { filter, asOf, limit, lookup = NO_LOOKUP } = question;
  const sort = new OrderSort('orders', question.sort, { filter, asOf, ...givenIn(lookup) }, asOf !== null);
  return models.read(async ({ schema, rowsOf }, pool) => {
    const parameters = new Parameters();
    const source = summarySource(schema, question, parameters, 'o', sort.sortedByNumber);
    const { from, conditions, fixedAlias } = source;
    conditions.push(...lookupConditions(schema, question, lookup, parameters, fixedAlias));
    conditions.push(...sort.after(question.cursor, parameters, fixedAlias));
    // One more than asked for tells whether there is a next page.
    const text = `SELECT ${selectSummary('o')} FROM ${from} WHERE ${allOf(conditions)}
      ORDER BY ${sort.orderBy(fixedAlias)} LIMIT ${parameters.add(limit + 1)}`;
    const { rows } = await pool.query<SummaryRow>(text, parameters.values);
    const page = pageOf(
      rows.map((row) => summaryItemOf(row)),
      limit,
      (item) => sort.cursorAfter(item),
    );
    return { page, position: await checkpointOf(pool, rowsOf, ORDERS_PROJECTION) };
  });
}

/**
 * Rows read one beyond the limit as a page; the cursor follows its last row.
 *
 * @param isCut whether further rows were found, and cut off (`cutPage`)
 */
export function pageOf<T>(
  rows: readonly T[],
  limit: number,
  cursorAfter: (row: T) => string,
  isCut = false,
): Page<T> {
  if (rows.length <= limit && !isCut) return { items: rows, nextCursor: null };
  const items = rows.slice(0, limit);
  return { items, nextCursor: cursorAfter(items.at(-1)!) };
}
