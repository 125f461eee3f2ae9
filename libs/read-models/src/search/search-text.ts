import { plainWords } from '../plain-words.js';

/**
 * A text that was searched for, as what must be found: all of it, so there is no limit but the text's own length.
 * Every word is plain.
 */
export interface SearchText {
  /** In any order; each once, the last typed last. */
  readonly words: readonly string[];
  /** Whether the last of the words may be half typed: it may, unless a phrase in quotes follows it. */
  readonly unfinished: boolean;
  /** What stood in double quotes: words that must stand side by side, as they are. */
  readonly phrases: readonly (readonly string[])[];
  /** Whether something was typed but no word, such as `%`: no order has that. */
  readonly wordless: boolean;
}

const QUOTES = /["“”„]/;

export function searchTextOf(text: string | null): SearchText {
  const parts = (text ?? '').split(QUOTES);
  // Every second part is in quotes, but for the last: its quotes were never closed.
  const isQuoted = (index: number) => index % 2 === 1 && index < parts.length - 1;
  const phrases = parts.filter((_, index) => isQuoted(index)).map(plainWords);
  const typed = parts.filter((_, index) => !isQuoted(index)).map(plainWords);
  const words = distinct(typed.flat());
  const noPhrase = phrases.every((each) => each.length === 0);
  return {
    words,
    unfinished: typed.at(-1)!.length > 0 || noPhrase,
    phrases: phrases.filter((each) => each.length > 0),
    wordless: words.length === 0 && noPhrase && (text ?? '').trim() !== '',
  };
}

function distinct(words: readonly string[]): string[] {
  const last = words.at(-1);
  if (last === undefined) return [];
  // The last one keeps its place: it may be half typed.
  const others = [...new Set(words.slice(0, -1))].filter((word) => word !== last);
  return [...others, last];
}
