import { LRUCache } from 'lru-cache';

const MAX_KNOWN_WORDS = 100_000;

/** A tenant's word. */
export type Word = readonly [tenantId: string, word: string];

/** Which words are in the table already: most words of an order, and those need not be sent again. */
export class KnownWords {
  readonly #known = new LRUCache<string, true>({ max: MAX_KNOWN_WORDS });

  unknown(vocabulary: ReadonlyMap<string, ReadonlySet<string>>): Word[] {
    const unknown: Word[] = [];
    for (const [tenantId, words] of vocabulary) {
      for (const word of words) if (!this.#known.get(keyOf(tenantId, word))) unknown.push([tenantId, word]);
    }
    return unknown;
  }

  /** Whether it is met for the first time; from now on it is known. */
  isNew(tenantId: string, word: string): boolean {
    const key = keyOf(tenantId, word);
    if (this.#known.get(key)) return false;
    this.#known.set(key, true);
    return true;
  }

  /** To be called once they are committed. */
  add(words: readonly Word[]): void {
    for (const [tenantId, word] of words) this.#known.set(keyOf(tenantId, word), true);
  }
}

function keyOf(tenantId: string, word: string): string {
  return `${tenantId} ${word}`; // a tenant's name has no space
}
