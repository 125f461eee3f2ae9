import { plainWords } from '../plain-words.js';
import { plainEmail } from '../search-row.js';
import { fixedConditions, keepsFew } from '../readers/order-filter.js';
import type { ReadModels } from '../readers/read-models.js';
import { allOf, type Parameters } from '../readers/sql.js';
import { highlightsOf, seeksTexts, soughtOf } from './highlights.js';
import {
  searchSortOf,
  type OrderSearch,
  type OrderSearchPage,
  type OrderSearchQuestion,
} from './order-search.js';
import { byField, orderTextsOf } from './order-texts.js';
import { exactly, NAMES, postgresTerms, tsqueryOf } from './postgres-terms.js';
import { searchPageOf, searchStatement, type FoundRow } from './search-statement.js';
import { splits, type SearchTerm } from './search-terms.js';
import { searchTextOf, type SearchText } from './search-text.js';

/** The search port on the read models' own PostgreSQL: for shops without a search engine beside it. */
export class PostgresOrderSearch implements OrderSearch {
  readonly #models: ReadModels;

  constructor(models: ReadModels) {
    this.#models = models;
  }

  async search(question: OrderSearchQuestion): Promise<OrderSearchPage> {
    const { audience } = question;
    const text = searchTextOf(question.text);
    return this.#models.read(async (generation, pool) => {
      const termsOf = (live: boolean) => postgresTerms(pool, generation.schema, audience, text, live);
      const ask = async (terms: readonly SearchTerm[]) => {
        const { facets, limit } = question;
        const sort = searchSortOf(question);
        const sought = soughtOf(question, text, terms);
        const statement = searchStatement({
          ...question,
          generation,
          asOf: null,
          sort,
          foundBy: (parameters) => foundBy(generation.schema, question, text, terms, parameters),
          withTexts: seeksTexts(sought),
        });
        const { rows } = await pool.query<FoundRow>(statement);
        return searchPageOf(rows, { facets, limit, sort }, (order) =>
          highlightsOf(byField(orderTextsOf(order)), sought),
        );
      };
      const terms = await termsOf(false);
      const page = await ask(terms);
      if (page.total > 0 || !terms.some(({ known }) => known)) return page;
      // Nothing was found, though some words are known: perhaps no order has them any more.
      const live = await termsOf(true);
      return live.every(({ known }, index) => known === terms[index]!.known) ? page : ask(live);
    });
  }
}

/** SQL that selects the orders by their search rows; null: the question asks for nothing that is in them. */
function foundBy(
  schema: string,
  question: OrderSearchQuestion,
  text: SearchText,
  terms: readonly SearchTerm[],
  parameters: Parameters,
): string | null {
  const { email, audience, filter } = question;
  const asked = [
    ...skuConditions(question, parameters),
    ...text.phrases.flatMap((phrase) => phraseConditions(phrase, parameters)),
  ];
  if (email !== null) asked.push(`s.personal ->> 'email' = ${parameters.add(plainEmail(email))}`);
  if (text.wordless) asked.push('false');
  if (terms.length === 0 && asked.length === 0) return null;
  // Where few orders are asked for, as of a customer, these are read first: many more may hold the words.
  const narrows = keepsFew(audience, filter);
  const from = `${schema}.order_search s${narrows ? ` JOIN ${schema}.orders few USING (tenant_id, order_id)` : ''}`;
  const common = [
    `s.tenant_id = ${parameters.add(audience.tenantId)}`,
    ...(narrows ? fixedConditions(audience, filter, parameters, 'few') : []),
    ...asked,
  ];
  const matches = (column: string, some: readonly SearchTerm[]) =>
    some.length === 0 ? [] : [`${column} @@ ${parameters.add(tsqueryOf(some))}::tsquery`];
  const selects = splits(terms).map(({ ofWords, ofNames, ofEither }) => {
    const either = ofEither.map(
      (term) => `(${[...matches('s.words', [term]), ...matches(NAMES, [term])].join(' OR ')})`,
    );
    const conditions = [...common, ...matches('s.words', ofWords), ...matches(NAMES, ofNames), ...either];
    return `SELECT s.order_id FROM ${from} WHERE ${allOf(conditions)}`;
  });
  return selects.join(' UNION ');
}

// SKUs have no index, but their words are among the order's words, which have one.
function skuConditions({ sku, skuPrefix }: OrderSearchQuestion, parameters: Parameters): string[] {
  const conditions: string[] = [];
  if (sku !== null) {
    conditions.push(...wordsConditions(plainWords(sku), false, parameters));
    conditions.push(`s.skus @> ARRAY[${parameters.add(sku)}]::text[]`);
  }
  if (skuPrefix !== null) {
    conditions.push(...wordsConditions(plainWords(skuPrefix), true, parameters));
    conditions.push(
      `EXISTS (SELECT FROM unnest(s.skus) sku WHERE starts_with(sku, ${parameters.add(skuPrefix)}))`,
    );
  }
  return conditions;
}

// The index finds the orders that hold the words. Only the texts of these few are read.
function phraseConditions(phrase: readonly string[], parameters: Parameters): string[] {
  const words = wordsConditions(phrase, false, parameters);
  if (phrase.length === 1) return words;
  return [...words, `s.phrases LIKE ${parameters.add(`% ${phrase.join(' ')} %`)}`];
}

function wordsConditions(words: readonly string[], isLastPrefix: boolean, parameters: Parameters): string[] {
  if (words.length === 0) return [];
  const lexemes = words.map((word, index) => exactly(word, isLastPrefix && index === words.length - 1));
  return [`s.words @@ ${parameters.add(lexemes.join(' & '))}::tsquery`];
}
