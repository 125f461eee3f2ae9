import type { Queryable } from '../queryable.js';
import type { Audience } from '../readers/order-filter.js';
import { closest, MAX_SIMILAR, toleratedDistances, type SearchTerm } from './search-terms.js';
import type { SearchText } from './search-text.js';
import { trigramSchema } from './trigrams.js';

/** SQL for the words of the names in a row `s` of the search, which are plain; it has an index. */
export const NAMES = `(s.personal ->> 'names')::tsvector`;

/** More words than a tenant has that share many trigrams with one word. */
const MAX_CANDIDATES = 500;
/** Of words that are alike by less; those of nearly the same length first. Each is compared, letter by letter. */
const MAX_COMPARED = 5_000;
/** Of words that one misspelt word may stand for, and of which orders are asked. */
const MAX_ASKED = 200;

interface TermRow {
  readonly known: boolean;
  readonly in_names: boolean;
  readonly candidates: string[] | null;
}

/**
 * What the words searched for stand for among the tenant's own words, in one statement. To a customer, those words are
 * known which the customer's own orders hold: others tell of orders that are not the customer's.
 *
 * @param live whether to ask the orders if they hold a known word. The table of words keeps words of orders that
 * have changed, so a word that was once misspelt in an order would stay known
 */
export async function postgresTerms(
  db: Queryable,
  schema: string,
  audience: Audience,
  { words, unfinished }: SearchText,
  live: boolean,
): Promise<SearchTerm[]> {
  if (words.length === 0) return [];
  const { tenantId, customerId } = audience;
  const trigrams = await trigramSchema(db);
  const isPrefix = (index: number) => unfinished && index === words.length - 1;
  // Every word that begins with the last word sorts before the last word followed by the highest character.
  const upTo = words.map((word, index) => (isPrefix(index) ? `${word}\u{10ffff}` : word));
  const queries = words.map((word, index) => exactly(word, isPrefix(index)));
  const whole = words.map((word) => exactly(word));
  const { rows } = await db.query<TermRow>({
    ...keptPlan(`search-terms-${schema}-${trigrams}-${live}`, audience),
    text: termsStatement(schema, trigrams, live, customerId !== null),
    values: [
      ...[tenantId, words, upTo, toleratedDistances(words), queries, whole],
      ...(customerId === null ? [] : [customerId]),
    ],
  });
  const alike = words.map((word, index) => closest(word, rows[index]!.candidates ?? [], MAX_ASKED));
  const crowded = alike.filter((some) => some.length > MAX_SIMILAR).flat();
  const held = crowded.length === 0 ? null : await heldWords(db, schema, audience, crowded);
  return words.map((word, index) => {
    const { known, in_names: inNames } = rows[index]!;
    const some = alike[index]!;
    const similar = some.length > MAX_SIMILAR ? some.filter((one) => held!.has(one)) : some;
    return { word, prefix: isPrefix(index), known, inNames, similar: similar.slice(0, MAX_SIMILAR) };
  });
}

/**
 * Those of the words that an order holds which the audience sees. The others are in no order any more, or in those of
 * other customers: where only some words can be searched for, they must take the place of none.
 */
async function heldWords(
  db: Queryable,
  schema: string,
  audience: Audience,
  words: readonly string[],
): Promise<ReadonlySet<string>> {
  const { tenantId, customerId } = audience;
  const isCustomer = customerId !== null;
  const held = isHeld(schema, isCustomer ? '$4' : null, 's.words', 'q.query');
  const { rows } = await db.query<{ word: string }>({
    ...keptPlan(`search-held-${schema}`, audience),
    text: `SELECT q.word FROM unnest($2::text[], $3::text[]) AS q(word, query)
      WHERE ${held}`,
    values: [tenantId, words, words.map((word) => exactly(word)), ...(isCustomer ? [customerId] : [])],
  });
  return new Set(rows.map(({ word }) => word));
}

/**
 * To make a plan takes longer than most look-ups, so that of a tenant's words is kept under this name. A plan that is
 * kept knows no customer: the best for one with few orders reads, for one with many, each of them for each word. Theirs
 * is made anew for each search.
 */
function keptPlan(name: string, { customerId }: Audience): { name?: string } {
  return customerId === null ? { name } : {};
}

/**
 * SQL that tells if an order matches which the audience sees: of the tenant ($1), and of the customer that a parameter
 * names. PostgreSQL cannot know how rare the word is that a query asks for. Of a tenant, it would begin to read all
 * orders where one row is enough, and a word that none holds would cost as much as there are. Asked for all rows, as
 * of a WITH, it asks the index, and still reads no more than the first.
 */
function isHeld(schema: string, customer: string | null, column: string, query: string): string {
  const matches = `s.tenant_id = $1 AND ${column} @@ ${query}::tsquery`;
  if (customer !== null) {
    return `EXISTS (
        SELECT FROM ${schema}.order_search s JOIN ${schema}.orders o USING (tenant_id, order_id)
        WHERE ${matches} AND o.customer_id = ${customer})`;
  }
  return `EXISTS (
        WITH holding AS MATERIALIZED (SELECT FROM ${schema}.order_search s WHERE ${matches})
        SELECT FROM holding)`;
}

/**
 * How many letters of a misspelt word stand untouched behind its first two, or at its end, where one of the slips is in
 * the first letter and any other behind it.
 */
const UNTOUCHED = '(length(q.word) - 2) / NULLIF(q.tolerated, 0)';
/** Of words that have no trigrams. */
const hasUntouched = (
  trigrams: string,
) => `length(q.word) > 3 AND cardinality(${trigrams}.show_trgm(q.word)) < length(q.word)
            AND w.word >= U&'\\0080' COLLATE "C"
            AND (strpos(w.word, substr(q.word, 3, ${UNTOUCHED})) > 0 OR strpos(w.word, right(q.word, ${UNTOUCHED})) > 0)`;
const BEGINS_ALIKE = `w.word >= left(q.word, 1) COLLATE "C" AND w.word < (left(q.word, 1) || U&'\\+10ffff') COLLATE "C"`;
const NEAREST_LENGTH = 'abs(length(w.word) - length(q.word))';

/**
 * A word that an order holds anywhere, also as a name, a number or a reference, is spelt right: it stands for no
 * other. The last word, which may be unfinished, has to be there whole: something begins with nearly any few letters.
 *
 * Candidates for the others are found by their trigrams, or by the first letter. In a database whose locale knows ASCII
 * letters alone, other words have no trigrams: these are looked through, for a part of the word that no slip has
 * touched. Words of three letters share too few trigrams with one that begins differently.
 *
 * OFFSET 0: it is asked once, and not again wherever its answer is used.
 */
function termsStatement(schema: string, trigrams: string, live: boolean, isCustomer: boolean): string {
  const held = (column: string, query: 'query' | 'whole') =>
    isHeld(schema, isCustomer ? '$7' : null, column, `q.${query}`);
  const offered = (condition: string, order: string, most: number) =>
    `(SELECT w.word FROM ${schema}.search_words w
          WHERE NOT h.held AND w.tenant_id = $1 AND ${condition}
            AND length(w.word) BETWEEN length(q.word) - q.tolerated AND length(q.word) + q.tolerated
          ORDER BY ${order}, w.word LIMIT ${most})`;
  return `SELECT k.known, names.in_names, c.candidates
    FROM unnest($2::text[], $3::text[], $4::int[], $5::text[], $6::text[])
      WITH ORDINALITY AS q(word, up_to, tolerated, query, whole, n)
    CROSS JOIN LATERAL (
      SELECT EXISTS (
        SELECT FROM ${schema}.search_words w
        WHERE w.tenant_id = $1 AND w.word >= q.word COLLATE "C" AND w.word <= q.up_to COLLATE "C"
      ) ${live || isCustomer ? `AND ${held('s.words', 'query')}` : ''} AS known OFFSET 0
    ) k
    CROSS JOIN LATERAL (
      SELECT ${held(NAMES, 'query')} AS in_names
    ) names
    CROSS JOIN LATERAL (
      SELECT q.tolerated = 0 OR k.known OR ${held('s.words', 'whole')} OR ${held(NAMES, 'whole')} AS held OFFSET 0
    ) h
    CROSS JOIN LATERAL (
      SELECT array_agg(found.word) AS candidates FROM (
        ${offered(`w.word OPERATOR(${trigrams}.%) q.word`, `${trigrams}.similarity(w.word, q.word) DESC`, MAX_CANDIDATES)}
        UNION
        ${offered(BEGINS_ALIKE, NEAREST_LENGTH, MAX_COMPARED)}
        UNION
        ${offered(hasUntouched(trigrams), NEAREST_LENGTH, MAX_COMPARED)}
      ) found
    ) c
    ORDER BY q.n`;
}

/** Terms that must all match, in PostgreSQL's query language. */
export function tsqueryOf(terms: readonly SearchTerm[]): string {
  return terms
    .map(({ word, prefix, similar }) => [exactly(word, prefix), ...similar.map((known) => exactly(known))])
    .map((alternatives) => `(${alternatives.join(' | ')})`)
    .join(' & ');
}

// Plain words are letters and digits, so quotes suffice.
export function exactly(word: string, prefix = false): string {
  return prefix ? `'${word}':*` : `'${word}'`;
}
