import type { estypes } from '@elastic/elasticsearch';
import { plainEmail } from '../../search-row.js';
import type { OrderSearchQuestion } from '../order-search.js';
import { splits, type SearchTerm } from '../search-terms.js';
import type { SearchText } from '../search-text.js';

type Query = estypes.QueryDslQueryContainer;

/** What a document must hold besides the facts of its filter: every query must match. */
export function wordQueries(
  question: OrderSearchQuestion,
  { phrases, wordless }: SearchText,
  terms: readonly SearchTerm[],
): Query[] {
  const { sku, skuPrefix, numberPrefix, referencePrefix, email } = question;
  const given = (value: string | null, query: (value: string) => Query) =>
    value === null ? [] : [query(value)];
  return [
    ...given(sku, (value) => ({ term: { skus: value } })),
    ...given(skuPrefix, (value) => ({ prefix: { skus: value } })),
    ...given(numberPrefix, (value) => ({ prefix: { number: value } })),
    ...given(referencePrefix, (value) => ({ prefix: { reference: value } })),
    ...given(plainEmail(email), (value) => ({ term: { 'personal.email': value } })),
    ...(wordless ? [{ match_none: {} }] : []),
    ...phrases.map(phraseQuery),
    ...(terms.length === 0 ? [] : [anyOf(splits(terms).map(splitQuery))]),
  ];
}

/** A word as it was asked for, or what begins with it. */
export function exactQuery(field: string, { word, prefix }: Pick<SearchTerm, 'word' | 'prefix'>): Query {
  return prefix ? { prefix: { [field]: word } } : { term: { [field]: word } };
}

function splitQuery({ ofWords, ofNames, ofEither }: ReturnType<typeof splits>[number]): Query {
  const filter = [
    ...ofEither.map((term) => anyOf([termQuery('words', term), termQuery('personal.names', term)])),
    ...ofWords.map((term) => termQuery('words', term)),
    ...ofNames.map((term) => termQuery('personal.names', term)),
  ];
  return filter.length === 1 ? filter[0]! : { bool: { filter } };
}

function termQuery(field: string, term: SearchTerm): Query {
  if (term.similar.length === 0) return exactQuery(field, term);
  return anyOf([exactQuery(field, term), { terms: { [field]: [...term.similar] } }]);
}

function phraseQuery(words: readonly string[]): Query {
  if (words.length === 1) return { term: { words: words[0]! } };
  return { match_phrase: { phrases: words.join(' ') } };
}

function anyOf(should: Query[]): Query {
  return should.length === 1 ? should[0]! : { bool: { should, minimum_should_match: 1 } };
}
