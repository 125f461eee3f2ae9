import { LRUCache } from 'lru-cache';
import type { SearchTerm } from '../search-terms.js';
import type { SeenIndex } from './seen-index.js';

/** What words stand for in an index that was as far as `seen`; null: the index was not asked. */
export interface ResolvedTerms {
  readonly terms: readonly SearchTerm[];
  readonly seen: SeenIndex | null;
}

const MAX_TEXTS = 5_000;

/**
 * What texts were found to stand for. An entry is good for as long as nothing is indexed: the caller compares how
 * far the index was then with how far it was in the answer.
 */
export class KnownTerms {
  readonly #texts = new LRUCache<string, ResolvedTerms>({ max: MAX_TEXTS });

  get(key: string): ResolvedTerms | null {
    return this.#texts.get(key) ?? null;
  }

  set(key: string, resolved: ResolvedTerms): void {
    if (resolved.seen?.reached) this.#texts.set(key, resolved);
  }
}
