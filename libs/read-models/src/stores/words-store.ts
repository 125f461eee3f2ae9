import { LRUCache } from 'lru-cache';
import type { Queryable } from '../generations.js';
import { BinaryArray } from './binary-array.js';

const MAX_KNOWN_WORDS = 100_000;

/** The tenants' distinct words. Most words of an order are known already: those never reach PostgreSQL. */
export class WordsStore {
  readonly #db: Queryable;
  readonly #text: string;
  readonly #known = new LRUCache<string, true>({ max: MAX_KNOWN_WORDS });

  constructor(db: Queryable, schema: string) {
    this.#db = db;
    this.#text = `INSERT INTO ${schema}.search_words (tenant_id, word)
      SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING`;
  }

  /** The words that were new to this store: remembered once the transaction is committed. */
  async insert(vocabulary: ReadonlyMap<string, ReadonlySet<string>>): Promise<readonly string[]> {
    const tenants = new BinaryArray('text');
    const words = new BinaryArray('text');
    const added: string[] = [];
    for (const [tenantId, ofTenant] of vocabulary) {
      for (const word of ofTenant) {
        const key = `${tenantId} ${word}`; // a tenant's name has no space
        if (this.#known.get(key)) continue;
        tenants.push(tenantId);
        words.push(word);
        added.push(key);
      }
    }
    if (added.length > 0) {
      const values = [tenants.toBuffer(), words.toBuffer()];
      await this.#db.query({ name: 'insert_words', text: this.#text, values });
    }
    return added;
  }

  remember(added: readonly string[]): void {
    for (const key of added) this.#known.set(key, true);
  }
}
