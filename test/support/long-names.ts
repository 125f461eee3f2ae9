/** Hangul: NFKD takes each syllable apart into letters of three bytes each. */
const syllable = (index: number) => String.fromCharCode(0xac00 + (index % 11_172));

/** Word `index` of the names below; up to 11,172 of them are distinct. */
export function longWord(index: number): string {
  return Array.from({ length: 20 }, (_, at) => syllable(index * 7_919 + at * (1 + (index % 97)))).join('');
}

/** Product names of nine such words, whose plain words have 1.3 MB together. */
export const longNames: readonly string[] = Array.from({ length: 900 }, (_, index) =>
  Array.from({ length: 9 }, (_, at) => longWord(index * 9 + at)).join(' '),
);
