/** Longer words are cut: nobody types them, and PostgreSQL caps a lexeme at 2,046 bytes. */
const MAX_WORD_CHARACTERS = 64;

// Letters that do not decompose into a letter and an accent. The final sigma is one of them: a half typed word
// ends in one too, and has to be the beginning of the whole word.
const UNACCENTED: Readonly<Record<string, string>> = {
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ß: 'ss',
  ı: 'i',
  ς: 'σ',
};
const SPECIAL = new RegExp(`[${Object.keys(UNACCENTED).join('')}]`, 'g');
const WORD = /[\p{L}\p{N}]+/gu;
// Most texts are ASCII: they only become lower case, so every character keeps its place.
const ASCII = /^\p{ASCII}*$/u;
const ASCII_WORD = /[a-z0-9]+/g;

/**
 * The plain words of a text, in order, which have no capitals and no accents: `Crème brûlée, No. 2` gives `creme`,
 * `brulee`, `no`, `2`. Those of stored texts and of searched texts are made here alone, so that every search engine
 * finds the same orders.
 */
export function plainWords(text: string): string[] {
  const lower = text.toLowerCase();
  const words = ASCII.test(text) ? lower.match(ASCII_WORD) : unaccent(lower).match(WORD);
  return (words ?? []).map(shortened);
}

/** A plain word, and where it stands in the text that it was made from: UTF-16 units, the end excluded. */
export interface PlacedWord {
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/** The same words as `plainWords` finds, with their places. */
export function placedWords(text: string): PlacedWord[] {
  if (!ASCII.test(text)) return placedInPlain(text);
  return Array.from(text.toLowerCase().matchAll(ASCII_WORD), ({ 0: word, index: start }) => ({
    word: shortened(word),
    start,
    end: start + word.length,
  }));
}

/**
 * Separates texts that are stored as one: it is part of no word, takes one byte also in JSON, and nobody types it.
 */
const BETWEEN = '\u007f';

/** Joins texts into one: an order may have a thousand, which are then read and searched at once. */
export function joinTexts(texts: readonly string[]): string {
  return texts.map((text) => text.replaceAll(BETWEEN, ' ')).join(BETWEEN);
}

export function separateTexts(joined: string): string[] {
  return joined.split(BETWEEN);
}

/** Those of the joined texts, in order, that may hold one of these plain words. The others certainly hold none. */
export function thatMayHold(joined: string, words: readonly string[]): string[] {
  if (!ASCII.test(joined)) return separateTexts(joined).filter((text) => mayHold(text, words));
  const holding: string[] = [];
  let end = -1;
  for (const place of placesOf(words, joined.toLowerCase())) {
    if (place < end) continue; // in the text that was found last
    const next = joined.indexOf(BETWEEN, place);
    end = next === -1 ? joined.length : next;
    holding.push(joined.slice(joined.lastIndexOf(BETWEEN, place) + 1, end));
  }
  return holding;
}

function mayHold(text: string, words: readonly string[]): boolean {
  if (!ASCII.test(text)) return true;
  const lower = text.toLowerCase();
  return words.some((word) => lower.includes(word));
}

function placesOf(words: readonly string[], text: string): number[] {
  const places: number[] = [];
  for (const word of words) {
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) places.push(at);
  }
  return places.sort((a, b) => a - b);
}

function placedInPlain(text: string): PlacedWord[] {
  let plain = '';
  // For each unit of the plain text: where the character that it came from begins and ends.
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 0;
  for (const character of text) {
    const part = unaccent(character.toLowerCase());
    const end = at + character.length;
    // A combining accent belongs to the letter before it.
    if (part === '') for (let i = ends.length - 1; i >= 0 && ends[i] === at; i--) ends[i] = end;
    for (let i = 0; i < part.length; i++) [starts[plain.length + i], ends[plain.length + i]] = [at, end];
    plain += part;
    at = end;
  }
  return Array.from(plain.matchAll(WORD), ({ 0: word, index }) => ({
    word: shortened(word),
    start: starts[index]!,
    end: ends[index + word.length - 1]!,
  }));
}

function shortened(word: string): string {
  return word.length > MAX_WORD_CHARACTERS ? [...word].slice(0, MAX_WORD_CHARACTERS).join('') : word;
}

function unaccent(lower: string): string {
  return lower
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase() // a compatibility form may decompose to capitals: ℡ to TEL
    .replace(SPECIAL, (letter) => UNACCENTED[letter]!);
}
