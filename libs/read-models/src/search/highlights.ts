import { placedWords, separateTexts, thatMayHold, type PlacedWord } from '../plain-words.js';
import { orderTextFields, type OrderText, type OrderTextField, type TextsByField } from './order-texts.js';
import { termMatches, type SearchTerm } from './search-terms.js';
import type { SearchText } from './search-text.js';

/** From where to where, in UTF-16 units, the end excluded. */
export type TextRange = readonly [start: number, end: number];

/** A text of an order, as it was given, and the places in it that hold what was asked for. */
export interface Highlight extends OrderText {
  /** In their order, apart from each other. */
  readonly ranges: readonly TextRange[];
}

/** What is to be found in an order's texts. */
export interface Sought {
  readonly terms: readonly SearchTerm[];
  readonly phrases: SearchText['phrases'];
  readonly asGiven: readonly GivenText[];
}

/** A text that is not taken for words: a field's whole text, or its beginning. */
interface GivenText extends OrderText {
  readonly whole: boolean;
}

const MAX_HIGHLIGHTS = 10;

/** Of a question: the texts that are not taken for words. */
export interface AskedTexts {
  readonly sku: string | null;
  readonly skuPrefix: string | null;
  readonly numberPrefix: string | null;
  readonly referencePrefix: string | null;
}

export function soughtOf(
  { sku, skuPrefix, numberPrefix, referencePrefix }: AskedTexts,
  { phrases }: SearchText,
  terms: readonly SearchTerm[],
): Sought {
  const given = (field: OrderTextField, text: string | null, whole = false) =>
    text === null ? [] : [{ field, text, whole }];
  const asGiven = [
    ...given('sku', sku, true),
    ...given('sku', skuPrefix),
    ...given('number', numberPrefix),
    ...given('reference', referencePrefix),
  ];
  return { terms, phrases, asGiven };
}

/** Whether there is anything to show: if not, an order's texts need not be read. */
export function seeksTexts({ terms, phrases, asGiven }: Sought): boolean {
  return terms.length + phrases.length + asGiven.length > 0;
}

/** The texts that matched, in the order of the fields and then the order's own; the first ten. */
export function highlightsOf(texts: TextsByField, sought: Sought): Highlight[] {
  const highlights: Highlight[] = [];
  const words = [
    ...sought.terms.flatMap(({ word, similar }) => [word, ...similar]),
    ...sought.phrases.flat(),
  ];
  for (const field of orderTextFields) {
    const ofField = texts[field];
    if (ofField === undefined) continue;
    const given = sought.asGiven.filter((one) => one.field === field);
    // Where a text is searched for as it is given, every text of the field has to be looked at.
    for (const text of given.length > 0 ? separateTexts(ofField) : thatMayHold(ofField, words)) {
      const ranges = apart([...wordRanges(placedWords(text), sought), ...givenRanges(text, given)]);
      if (ranges.length > 0) highlights.push({ field, text, ranges });
      if (highlights.length === MAX_HIGHLIGHTS) return highlights;
    }
  }
  return highlights;
}

function givenRanges(text: string, given: readonly GivenText[]): TextRange[] {
  return given
    .filter((one) => (one.whole ? text === one.text : text.startsWith(one.text)))
    .map((one): TextRange => [0, one.text.length]);
}

function wordRanges(words: readonly PlacedWord[], { terms, phrases }: Sought): TextRange[] {
  const ranges = words
    .filter(({ word }) => terms.some((term) => termMatches(term, word)))
    .map(({ start, end }): TextRange => [start, end]);
  for (const phrase of phrases) {
    for (let first = 0; first + phrase.length <= words.length; first++) {
      if (phrase.some((word, index) => words[first + index]!.word !== word)) continue;
      ranges.push([words[first]!.start, words[first + phrase.length - 1]!.end]);
    }
  }
  return ranges;
}

/** The same ranges in order, with those that overlap or touch joined. */
function apart(ranges: readonly TextRange[]): TextRange[] {
  const joined: [number, number][] = [];
  for (const [start, end] of [...ranges].sort(([a], [b]) => a - b)) {
    const last = joined.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else joined.push([start, end]);
  }
  return joined;
}
