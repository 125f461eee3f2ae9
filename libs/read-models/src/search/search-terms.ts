import { resembles, toleratedDistance, wordDistance } from './word-distance.js';

/** One word of the text that was searched for, with what may stand for it. */
export interface SearchTerm {
  readonly word: string;
  /** Any word that begins with it will do. */
  readonly prefix: boolean;
  /** Whether it is among the words that the tenant's orders share, or begins one of them. */
  readonly known: boolean;
  /** Whether the word is part of the name of a person of some order. */
  readonly inNames: boolean;
  /** Known words that stand for an unknown one; empty for a known word. */
  readonly similar: readonly string[];
}

export const MAX_SIMILAR = 8;
/** Up to this many words, each way in which they may be the order's or the person's is asked for alone. */
const MAX_NAME_TERMS = 3;

/** What a word might mean is looked up at a cost of its own: of a long text, only the first words may be misspelt. */
const MAX_MISSPELT = 16;

/** How many slips each of the words searched for may be away from the word meant. */
export function toleratedDistances(words: readonly string[]): number[] {
  return words.map((word, index) => (index < MAX_MISSPELT ? toleratedDistance(word) : 0));
}

/** Those of the words that an engine offers for an unknown one which were most likely meant, the closest first. */
export function closest(word: string, candidates: Iterable<string>, most = MAX_SIMILAR): string[] {
  return Array.from(candidates)
    .filter((candidate) => resembles(word, candidate))
    .map((candidate) => ({ candidate, distance: wordDistance(word, candidate, word.length) }))
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

/** Whether a word of an order is what the term asks for. */
export function termMatches({ word: asked, prefix, similar }: SearchTerm, word: string): boolean {
  return word === asked || (prefix && word.startsWith(asked)) || similar.includes(word);
}

interface Split {
  readonly ofWords: readonly SearchTerm[];
  readonly ofNames: readonly SearchTerm[];
  /** Each of them is the order's or the person's. */
  readonly ofEither: readonly SearchTerm[];
}

/**
 * Every way in which the terms can be spread over the order's words and the person's names: `smith mug`
 * is a mug of Smith's, or two words of a product. Mostly few terms are part of any name, so the ways are few,
 * and each is one that the indexes answer alone. Where they would be many, it is one way, which takes longer.
 */
export function splits(terms: readonly SearchTerm[]): Split[] {
  const nameTerms = terms.filter(({ inNames }) => inNames);
  if (nameTerms.length > MAX_NAME_TERMS) {
    return [{ ofWords: terms.filter(({ inNames }) => !inNames), ofNames: [], ofEither: nameTerms }];
  }
  return Array.from({ length: 1 << nameTerms.length }, (_, chosen) => {
    const ofNames = nameTerms.filter((_term, index) => (chosen & (1 << index)) !== 0);
    return { ofWords: terms.filter((term) => !ofNames.includes(term)), ofNames, ofEither: [] };
  });
}
