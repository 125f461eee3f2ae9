import { foldText } from '../fold-text.js';
import { foldEmail } from '../search-row.js';
import { OrderSort } from '../readers/order-sort.js';
import type { ReadModels } from '../readers/read-models.js';
import type { Audience } from '../readers/order-filter.js';
import { allOf, type Parameters } from '../readers/sql.js';
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
        foundBy: (parameters) => foundBy(generation.schema, audience, terms, sku, email, parameters),
      });
      const { rows } = await pool.query<SearchRow>(statement);
      return searchPageOf(rows, { facets, limit, sort });
    });
  }
}

const NAMES = `to_tsvector('simple'::regconfig, s.personal ->> 'names')`;
/** Of how many words each may be the order's or the person's; beyond it, all are one or the other. */
const MAX_NAME_TERMS = 3;

function foundBy(
  schema: string,
  audience: Audience,
  terms: readonly SearchTerm[],
  sku: string | null,
  email: string | null,
  parameters: Parameters,
): string | null {
  if (terms.length === 0 && sku === null && email === null) return null;
  const common = [`s.tenant_id = ${parameters.add(audience.tenantId)}`];
  if (sku !== null) common.push(...skuConditions(sku, parameters));
  if (email !== null) common.push(`s.personal ->> 'email' = ${parameters.add(foldEmail(email))}`);
  const matches = (column: string, some: readonly SearchTerm[]) =>
    some.length === 0 ? [] : [`${column} @@ ${parameters.add(tsqueryOf(some))}::tsquery`];
  const selects = splits(terms).map(({ ofWords, ofNames }) => {
    const conditions = [...common, ...matches('s.words', ofWords), ...matches(NAMES, ofNames)];
    return `SELECT s.order_id FROM ${schema}.order_search s WHERE ${allOf(conditions)}`;
  });
  return selects.join(' UNION ');
}

interface Split {
  readonly ofWords: readonly SearchTerm[];
  readonly ofNames: readonly SearchTerm[];
}

/**
 * Every way in which the terms can be spread over the order's words and the person's names: `smith mug`
 * is a mug of Smith's, or two words of a product. Few terms are part of any name, so the ways are few,
 * and each is one that the indexes answer alone.
 */
export function splits(terms: readonly SearchTerm[]): Split[] {
  const nameTerms = terms.filter(({ inNames }) => inNames);
  if (nameTerms.length > MAX_NAME_TERMS) {
    const allNames = nameTerms.length === terms.length ? [{ ofWords: [], ofNames: terms }] : [];
    return [{ ofWords: terms, ofNames: [] }, ...allNames];
  }
  return Array.from({ length: 1 << nameTerms.length }, (_, chosen) => {
    const ofNames = nameTerms.filter((_term, index) => (chosen & (1 << index)) !== 0);
    return { ofWords: terms.filter((term) => !ofNames.includes(term)), ofNames };
  });
}

// Words have an index and SKUs have none; the words of a SKU are among the order's.
function skuConditions(sku: string, parameters: Parameters): string[] {
  const words = foldText(sku).map((word) => `'${word}'`);
  const indexed = words.length === 0 ? [] : [`s.words @@ ${parameters.add(words.join(' & '))}::tsquery`];
  return [...indexed, `s.skus @> ARRAY[${parameters.add(sku)}]::text[]`];
}
