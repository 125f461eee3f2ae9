import type { Client, estypes } from '@elastic/elasticsearch';
import type { OrderKey } from '../../order-key.js';
import { searchDocumentId, type SearchDocument } from '../search-document.js';
import { OWN_IDS } from './index-definition.js';
import { INDEX_MISSING, IndexMissing } from './requests.js';

const PAGE_IDS = 5_000;
const KEEP_ALIVE = '1m';

/** Reads an index as it is stored, for verification; no search goes this way. */
export class IndexReader {
  readonly #client: Client;
  readonly #index: string;

  constructor(client: Client, index: string) {
    this.#client = client;
    this.#index = index;
  }

  /**
   * Documents as they are stored now, refreshed or not, by id; orders without one are left out.
   *
   * @throws IndexMissing
   */
  async documents(keys: readonly OrderKey[]): Promise<Map<string, SearchDocument>> {
    if (keys.length === 0) return new Map();
    const { docs } = await this.#client.mget<SearchDocument>({
      index: this.#index,
      ids: keys.map((key) => searchDocumentId(key)),
    });
    if (docs.some((doc) => 'error' in doc && doc.error.type === INDEX_MISSING))
      throw new IndexMissing(`no index ${this.#index}`);
    const found = docs.flatMap((doc) =>
      'found' in doc && doc.found ? [[doc._id, doc._source!] as const] : [],
    );
    return new Map(found);
  }

  /** The keys of all orders that have a document, a page at a time, as of one moment. */
  async *keys(): AsyncGenerator<OrderKey[]> {
    await this.#client.indices.refresh({ index: this.#index });
    const { id } = await this.#client.openPointInTime({ index: this.#index, keep_alive: KEEP_ALIVE });
    try {
      let after: estypes.SortResults | undefined;
      do {
        const { hits } = await this.#client.search({
          pit: { id, keep_alive: KEEP_ALIVE },
          size: PAGE_IDS,
          sort: '_shard_doc',
          _source: false,
          ...(after === undefined ? {} : { search_after: after }),
        });
        const ids = hits.hits.map(({ _id }) => _id!).filter((one) => !OWN_IDS.includes(one));
        if (ids.length > 0) yield ids.map(keyOf);
        after = hits.hits.at(-1)?.sort;
      } while (after !== undefined);
    } finally {
      await this.#client.closePointInTime({ id });
    }
  }
}

function keyOf(id: string): OrderKey {
  const [tenantId, orderId] = id.split('.');
  return { tenantId: tenantId!, orderId: orderId ?? '' };
}
