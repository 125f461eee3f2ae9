/** Longer words are cut: nobody types them, and PostgreSQL caps a lexeme at 2,046 bytes. */
const MAX_WORD_CHARACTERS = 64;

// Letters that are no letter plus an accent, so that decomposing leaves them as they are.
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
};
const SPECIAL = new RegExp(`[${Object.keys(UNACCENTED).join('')}]`, 'g');
const PLAIN = /^[a-z0-9 ]*$/;

/**
 * The words of a text, in order, with case and accents folded: `Crème brûlée, No. 2` gives
 * `creme`, `brulee`, `no`, `2`. What is written and what is searched go through here alone, so that
 * every search engine finds the same orders.
 */
export function foldText(text: string): string[] {
  const lower = text.toLowerCase();
  const folded = PLAIN.test(lower) ? lower : unaccent(lower);
  const words = folded.match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.map((word) =>
    word.length > MAX_WORD_CHARACTERS ? [...word].slice(0, MAX_WORD_CHARACTERS).join('') : word,
  );
}

function unaccent(lower: string): string {
  return lower
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase() // a compatibility form may decompose to capitals: ℡ to TEL
    .replace(SPECIAL, (letter) => UNACCENTED[letter]!);
}
