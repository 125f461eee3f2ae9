import type { Client, estypes } from '@elastic/elasticsearch';
import { NO_FILTER, type Audience } from '../../readers/order-filter.js';
import { closest, toleratedDistances, type SearchTerm } from '../search-terms.js';
import type { SearchText } from '../search-text.js';
import { toleratedDistance, trigramsOf } from '../word-distance.js';
import { filterQueries } from './filter-queries.js';
import type { ResolvedTerms } from './known-terms.js';
import { askIndex } from './requests.js';
import { ownAggregation, seenIndex } from './seen-index.js';
import { exactQuery } from './word-queries.js';

type AskedTerm = Pick<SearchTerm, 'word' | 'prefix'>;
type Aggregations = Record<string, estypes.AggregationsAggregationContainer>;

/** More words than a tenant has that resemble one word. */
const MAX_CANDIDATES = 10_000;

interface Held {
  readonly held: { readonly buckets: Readonly<Record<string, { readonly doc_count: number }>> };
}

type Offered = Readonly<
  Record<string, { readonly words: { readonly buckets: readonly { readonly key: string }[] } }>
>;

/** The words, as if orders had all of them and none were part of a person's name. */
export function guessedTerms(text: SearchText): SearchTerm[] {
  return askedTerms(text).map((term) => ({ ...term, known: true, inNames: false, similar: [] }));
}

/** Whether two lists of terms, made of the same words, ask for the same. */
export function asksTheSame(these: readonly SearchTerm[], those: readonly SearchTerm[]): boolean {
  const asked = (terms: readonly SearchTerm[]) => terms.map(({ inNames, similar }) => [inNames, similar]);
  return JSON.stringify(asked(these)) === JSON.stringify(asked(those));
}

/**
 * What the words searched for stand for among the words of the orders that the audience sees. A word that is in
 * none of them gets the words that resemble it.
 */
export async function elasticsearchTerms(
  client: Client,
  index: string,
  audience: Audience,
  text: SearchText,
): Promise<ResolvedTerms> {
  const asked = askedTerms(text);
  if (asked.length === 0) return { terms: [], seen: null };
  const count = (aggregations: Aggregations) => aggregated(client, index, audience, aggregations);
  const held = await count({ ...heldBy(asked), ...ownAggregation });
  const seen = seenIndex(held); // seen before the further question is asked
  const { buckets } = (held.aggregations as unknown as Held).held;
  const isHeld = (name: string) => buckets[name]!.doc_count > 0;
  const terms = asked.map((term, at) => ({
    ...term,
    known: isHeld(`known${at}`),
    inNames: isHeld(`names${at}`),
  }));
  const tolerated = toleratedDistances(terms.map(({ word }) => word));
  const unknown = terms.filter(({ known }, at) => !known && !isHeld(`whole${at}`) && tolerated[at]! > 0);
  if (unknown.length === 0) return { terms: terms.map((term) => ({ ...term, similar: [] })), seen };
  const offered = (await count(candidatesFor(unknown))).aggregations as unknown as Offered;
  const resolved = terms.map((term) => {
    const candidates = offered[`like${unknown.indexOf(term)}`]?.words.buckets ?? [];
    const similar = closest(
      term.word,
      candidates.map(({ key }) => key),
    );
    return { ...term, similar };
  });
  return { terms: resolved, seen };
}

function askedTerms({ words, unfinished }: SearchText): AskedTerm[] {
  return words.map((word, at) => ({ word, prefix: unfinished && at === words.length - 1 }));
}

async function aggregated(
  client: Client,
  index: string,
  audience: Audience,
  aggregations: Aggregations,
): Promise<estypes.SearchResponse> {
  const query = { bool: { filter: filterQueries(audience, NO_FILTER) } };
  const counting = { size: 0, track_total_hits: false, query };
  return askIndex(client, { index, ...counting, aggregations });
}

function heldBy(terms: readonly AskedTerm[]): Aggregations {
  const filters: Record<string, estypes.QueryDslQueryContainer> = {};
  for (const [at, term] of terms.entries()) {
    filters[`known${at}`] = exactQuery('vocabulary', term);
    filters[`names${at}`] = exactQuery('personal.names', term);
    // A word that an order holds anywhere, also as a name, a number or a reference, is spelt right. The last word, which
    // may be unfinished, has to be there whole: something begins with nearly any few letters.
    const whole = ['words', 'personal.names'].map((field) => ({ term: { [field]: term.word } }));
    filters[`whole${at}`] = { bool: { should: whole } };
  }
  return { held: { filters: { filters } } };
}

/** For each word: the words of the orders that have a similar word, limited to those that can resemble it. */
function candidatesFor(terms: readonly AskedTerm[]): Aggregations {
  const aggregations: Aggregations = {};
  for (const [at, { word }] of terms.entries()) {
    // With this rewrite every similar word of the index counts, not only the first fifty.
    const fuzzy = { value: word, fuzziness: toleratedDistance(word), rewrite: 'constant_score' };
    const words = { terms: { field: 'vocabulary', size: MAX_CANDIDATES, include: resembling(word) } };
    aggregations[`like${at}`] = { filter: { fuzzy: { vocabulary: fuzzy } }, aggregations: { words } };
  }
  return aggregations;
}

/**
 * Number of parts of a long word. A slip changes two parts at most, where it swaps neighbours of both: of five
 * parts, two slips leave one unchanged.
 */
const PARTS = 5;
/** Least characters of a part: of shorter parts, too many words would have one in common. */
const LEAST_OF_PART = 3;

/**
 * A regular expression for Lucene: words of about the same length that begin like the word, or have three
 * neighbours or the end in common with it; for a long word, words that have a fifth of it. Every word that
 * resembles it is one of them (see `resembles`). For a long word the length is not checked: that is too much for
 * Lucene beside many neighbours.
 */
function resembling(word: string): string {
  const characters = [...word];
  if (characters.length >= PARTS * LEAST_OF_PART) return `.*(${partsOf(characters).join('|')}).*`;
  const tolerated = toleratedDistance(word);
  const inner = [...trigramsOf(word)].filter((trigram) => !trigram.includes(' '));
  const alike = [`${characters[0]}.*`, `.*${characters.slice(-2).join('')}`];
  if (inner.length > 0) alike.push(`.*(${inner.join('|')}).*`);
  return `(${alike.join('|')})&.{${characters.length - tolerated},${characters.length + tolerated}}`;
}

function partsOf(characters: readonly string[]): string[] {
  const edge = (part: number) => Math.floor((part * characters.length) / PARTS);
  return Array.from({ length: PARTS }, (_, part) => characters.slice(edge(part), edge(part + 1)).join(''));
}
