import { LRUCache } from 'lru-cache';
import type { SearchRow } from '../search-row.js';

const MAX_KNOWN_WORDS = 100_000;

/** A tenant's word. */
export type Word = readonly [tenantId: string, word: string];

/**
 * Remembers which words are in the table of words already, so that they are not sent again. Most words of an order
 * are.
 */
export class KnownWords {
  readonly #known = new LRUCache<string, true>({ max: MAX_KNOWN_WORDS });

  /** The words of the rows that are not known yet, each once. */
  unknown(rows: readonly Pick<SearchRow, 'tenantId' | 'vocabulary'>[]): Word[] {
    const unknown = new Map<string, Word>();
    for (const { tenantId, vocabulary } of rows) {
      for (const word of vocabulary) {
        const key = keyOf(tenantId, word);
        if (!this.#known.get(key)) unknown.set(key, [tenantId, word]);
      }
    }
    return [...unknown.values()];
  }

  /** Whether the word was unknown until now; this call makes it known. */
  isNew(tenantId: string, word: string): boolean {
    const key = keyOf(tenantId, word);
    if (this.#known.get(key)) return false;
    this.#known.set(key, true);
    return true;
  }

  clear(): void {
    this.#known.clear();
  }

  /** Call it once the words are committed. */
  add(words: readonly Word[]): void {
    for (const [tenantId, word] of words) this.#known.set(keyOf(tenantId, word), true);
  }
}

function keyOf(tenantId: string, word: string): string {
  return `${tenantId} ${word}`; // a tenant's name has no space
}
