/**
 * How many letters to add, drop, change or swap with their neighbour to make one word of the other;
 * anything above the limit is answered as one more than it.
 */
export function wordDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let twoAbove: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replaced, above[j]! + 1, row[j - 1]! + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, twoAbove[j - 2]! + 1);
      row.push(best);
    }
    if (Math.min(...row) > limit) return limit + 1;
    [twoAbove, above] = [above, row];
  }
  return above[b.length]!;
}

/** How many slips a word may be away from the word meant: in a short word one slip is already much. */
export function toleratedDistance(word: string): number {
  // A number that is off by a digit is another number, not a misspelt one.
  if (word.length < 3 || /\p{N}/u.test(word)) return 0;
  return word.length <= 5 ? 1 : 2;
}

/** Least share of two words' trigrams that are in both words (pg_trgm's own limit). */
const MIN_SIMILARITY = 0.3;

/**
 * Whether a known word may be what was meant by an unknown one: it is near enough, and begins alike or has enough
 * trigrams in common. This is the rule for every engine: engines find words of either kind quickly.
 */
export function resembles(word: string, candidate: string): boolean {
  const limit = toleratedDistance(word);
  if (limit === 0 || wordDistance(word, candidate, limit) > limit) return false;
  return [...word][0] === [...candidate][0] || trigramSimilarity(word, candidate) >= MIN_SIMILARITY;
}

/**
 * The trigrams of a word as pg_trgm makes them, each once: three neighbours of the word with two blanks before it
 * and one after it.
 */
export function trigramsOf(word: string): Set<string> {
  const characters = [' ', ' ', ...word, ' '];
  return new Set(characters.slice(2).map((_, index) => characters.slice(index, index + 3).join('')));
}

function trigramSimilarity(a: string, b: string): number {
  const [ofA, ofB] = [trigramsOf(a), trigramsOf(b)];
  let shared = 0;
  for (const trigram of ofA) if (ofB.has(trigram)) shared++;
  return shared / (ofA.size + ofB.size - shared);
}
