import { foldText } from '../fold-text.js';
import type { Queryable } from '../generations.js';
import { toleratedDistance, wordDistance } from './word-distance.js';

/** One word of the text that was searched for, as what may stand for it. */
export interface SearchTerm {
  readonly word: string;
  /** Any word that begins with it will do. */
  readonly prefix: boolean;
  /** Whether a person of some order is called so. */
  readonly inNames: boolean;
  /** Known words that stand for an unknown one; empty for a known word. */
  readonly similar: readonly string[];
}

const MAX_WORDS = 16;
const MAX_CANDIDATES = 50;
const MAX_SIMILAR = 8;
/** Two words this short share too few trigrams when one is misspelt. */
const SHORT_CHARACTERS = 5;

/** The words of a text; beyond sixteen they narrow nothing that anybody looks for. */
export function searchWords(text: string): string[] {
  const words = foldText(text);
  const last = words.at(-1);
  // The last one keeps its place: it may be half typed.
  const distinct = [...new Set(words.slice(0, -1))].filter((word) => word !== last);
  return last === undefined ? [] : [...distinct.slice(0, MAX_WORDS - 1), last];
}

/** What the tenant's own words make of the words searched for, in one statement. */
export async function searchTerms(
  db: Queryable,
  schema: string,
  tenantId: string,
  words: readonly string[],
): Promise<SearchTerm[]> {
  if (words.length === 0) return [];
  const last = words.length - 1;
  // Every word that begins with the last one lies below it followed by the highest character.
  const upTo = words.map((word, index) => (index === last ? `${word}\u{10ffff}` : word));
  const short = words.map((word) => word.length <= SHORT_CHARACTERS && toleratedDistance(word) > 0);
  const fuzzy = words.map((word) => toleratedDistance(word) > 0);
  const { rows } = await db.query<{ known: boolean; in_names: boolean; candidates: string[] | null }>({
    name: `search-terms-${schema}`,
    text: termsStatement(schema),
    values: [tenantId, words, upTo, fuzzy, short, words.map((word, index) => exactly(word, index === last))],
  });
  return words.map((word, index) => {
    const { known, in_names: inNames, candidates } = rows[index]!;
    const similar = known ? [] : closest(word, candidates ?? []);
    return { word, prefix: index === last, inNames, similar };
  });
}

function termsStatement(schema: string): string {
  return `SELECT k.known, names.in_names, c.candidates
    FROM unnest($2::text[], $3::text[], $4::bool[], $5::bool[], $6::text[])
      WITH ORDINALITY AS q(word, up_to, fuzzy, short, query, n)
    CROSS JOIN LATERAL (
      SELECT EXISTS (
        SELECT FROM ${schema}.search_words w
        WHERE w.tenant_id = $1 AND w.word >= q.word COLLATE "C" AND w.word <= q.up_to COLLATE "C"
      ) AS known
    ) k
    CROSS JOIN LATERAL (
      SELECT EXISTS (
        SELECT FROM ${schema}.order_search s
        WHERE s.tenant_id = $1 AND to_tsvector('simple'::regconfig, s.personal ->> 'names') @@ q.query::tsquery
      ) AS in_names
    ) names
    CROSS JOIN LATERAL (
      SELECT array_agg(found.word) AS candidates FROM (
        (SELECT w.word FROM ${schema}.search_words w
          WHERE q.fuzzy AND NOT k.known AND w.tenant_id = $1 AND w.word % q.word
          ORDER BY similarity(w.word, q.word) DESC LIMIT ${MAX_CANDIDATES})
        UNION
        (SELECT w.word FROM ${schema}.search_words w
          WHERE q.short AND NOT k.known AND w.tenant_id = $1
            AND w.word >= left(q.word, 1) COLLATE "C" AND w.word < (left(q.word, 1) || U&'\\+10ffff') COLLATE "C"
            AND length(w.word) BETWEEN length(q.word) - 1 AND length(q.word) + 1)
      ) found
    ) c
    ORDER BY q.n`;
}

function closest(word: string, candidates: readonly string[]): string[] {
  const limit = toleratedDistance(word);
  return candidates
    .map((candidate) => ({ candidate, distance: wordDistance(word, candidate, limit) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, MAX_SIMILAR)
    .map(({ candidate }) => candidate);
}

/** Terms that must all match, in PostgreSQL's query language. */
export function tsqueryOf(terms: readonly SearchTerm[]): string {
  return terms
    .map(({ word, prefix, similar }) => [exactly(word, prefix), ...similar.map((known) => `'${known}'`)])
    .map((alternatives) => `(${alternatives.join(' | ')})`)
    .join(' & ');
}

// Folded words are letters and digits, so quotes suffice.
function exactly(word: string, prefix: boolean): string {
  return prefix ? `'${word}':*` : `'${word}'`;
}
