import type { AsOf } from '../readers/as-of.js';
import { OrderSort } from '../readers/order-sort.js';
import type { ReadModels } from '../readers/read-models.js';
import type { OrderSearchPage, OrderSearchQuestion } from './order-search.js';
import { searchPageOf, searchStatement, type FoundRow } from './search-statement.js';

export type SearchAsOfQuestion = Omit<
  OrderSearchQuestion,
  'text' | 'sku' | 'email' | 'skuPrefix' | 'numberPrefix' | 'referencePrefix'
> & {
  readonly asOf: AsOf;
};

/**
 * Filters and facets as of a moment, read from the history in PostgreSQL whatever engine searches live orders. An
 * index knows the words of today only, so there is no text here.
 *
 * @throws InvalidCursor
 */
export async function searchAsOf(
  models: ReadModels,
  { audience, filter, asOf, facets, sort: sortName, cursor, limit }: SearchAsOfQuestion,
): Promise<OrderSearchPage> {
  const sort = new OrderSort('search', sortName, { filter, asOf });
  return models.read(async (generation, pool) => {
    const foundBy = () => null;
    const statement = searchStatement({
      generation,
      audience,
      filter,
      asOf,
      facets,
      sort,
      cursor,
      limit,
      numberPrefix: null,
      referencePrefix: null,
      foundBy,
      withTexts: false,
    });
    const { rows } = await pool.query<FoundRow>(statement);
    return searchPageOf(rows, { facets, limit, sort }, () => []);
  });
}
