import { foldText } from '../fold-text.js';
import { foldEmail } from '../search-row.js';
import { OrderSort } from '../readers/order-sort.js';
import type { ReadModels } from '../readers/read-models.js';
import type { Parameters } from '../readers/sql.js';
import type { OrderSearch, OrderSearchPage, OrderSearchQuestion } from './order-search.js';
import { searchPageOf, searchStatement, type SearchRow } from './search-statement.js';
import { searchTerms, searchWords, tsqueryOf, type SearchTerm } from './search-terms.js';

/** The search port on the read models' own PostgreSQL: for shops without a search engine beside it. */
export class PostgresOrderSearch implements OrderSearch {
  readonly #models: ReadModels;

  constructor(models: ReadModels) {
    this.#models = models;
  }

  async search(question: OrderSearchQuestion): Promise<OrderSearchPage> {
    const { audience, filter, text, sku, email, facets, cursor, limit } = question;
    const sort = new OrderSort('search', question.sort, { filter, text, sku, email });
    return this.#models.read(async (generation, pool) => {
      const words = text === null ? [] : searchWords(text);
      const terms = await searchTerms(pool, generation.schema, audience.tenantId, words);
      const statement = searchStatement({
        generation,
        audience,
        filter,
        asOf: null,
        facets,
        sort,
        cursor,
        limit,
        wordConditions: (parameters) => conditionsOf(terms, sku, email, parameters),
      });
      const { rows } = await pool.query<SearchRow>(statement);
      return searchPageOf(rows, { facets, limit, sort });
    });
  }
}

const NAMES = `to_tsvector('simple'::regconfig, s.personal ->> 'names')`;

// A person's name is in no table of words, so each word may be one of the order's or of the person's.
function conditionsOf(
  terms: readonly SearchTerm[],
  sku: string | null,
  email: string | null,
  parameters: Parameters,
): string[] {
  const conditions = terms.map((term) => {
    const query = `${parameters.add(tsqueryOf(term))}::tsquery`;
    return `(s.words @@ ${query} OR ${NAMES} @@ ${query})`;
  });
  if (sku !== null) conditions.push(...skuConditions(sku, parameters));
  if (email !== null) conditions.push(`s.personal ->> 'email' = ${parameters.add(foldEmail(email))}`);
  return conditions;
}

// Words have an index and SKUs have none; the words of a SKU are among the order's.
function skuConditions(sku: string, parameters: Parameters): string[] {
  const words = foldText(sku).map((word) => `'${word}'`);
  const indexed = words.length === 0 ? [] : [`s.words @@ ${parameters.add(words.join(' & '))}::tsquery`];
  return [...indexed, `s.skus @> ARRAY[${parameters.add(sku)}]::text[]`];
}
