import type { IndexReached } from '#read-models/search/elasticsearch/index-definition.js';
import type { IndexWriter, RefusedDocument } from '#read-models/search/elasticsearch/index-writer.js';
import { searchDocumentId } from '#read-models/search/search-document.js';
import type { ChangedRows } from '#read-models/stores/changed-rows.js';
import type { SearchProgressStore } from '#read-models/stores/search-progress.store.js';

/** While more rows wait, both stores are told how far the index is only after this many steps. */
const TELL_EVERY_STEPS = 16;

/** Rows on their way into the index, and how far the index is once it has them. */
export class FollowedStep {
  readonly reached: IndexReached;

  constructor(
    readonly page: ChangedRows,
    before: IndexReached,
    readonly written: Promise<RefusedDocument[]>,
  ) {
    written.catch(() => {}); // thrown where it is awaited
    this.reached = {
      writeSeq: page.orders.at(-1)?.writeSeq ?? before.writeSeq,
      position: page.complete ? (page.position ?? before.position) : before.position,
    };
  }
}

export interface SettledStep extends Pick<FollowedStep, 'page' | 'reached'> {
  readonly refused: readonly RefusedDocument[];
  /** Whether the index has more than both stores were last told. */
  readonly isNews: boolean;
}

/** Settles steps in their order: the stores are told only what the index has acknowledged. */
export class FollowedSteps {
  /** Orders whose document is refused, by the document's id. */
  readonly parked: Set<string>;
  readonly #store: SearchProgressStore;
  readonly #writer: IndexWriter;
  readonly #token: bigint;
  #told: IndexReached;
  #untold = 0;

  /** @param told how far the index was said to be at the start */
  constructor(
    { store, writer, token }: { store: SearchProgressStore; writer: IndexWriter; token: bigint },
    told: IndexReached,
    parked: Set<string>,
  ) {
    this.#store = store;
    this.#writer = writer;
    this.#token = token;
    this.#told = told;
    this.parked = parked;
  }

  /** How far both stores were told that the index is. */
  get told(): IndexReached {
    return this.#told;
  }

  /** @throws what the client or PostgreSQL threw: the rows must then be read and written again */
  async settle({ page, reached, written }: FollowedStep): Promise<SettledStep> {
    const refused = await written;
    const recovered = this.#takeRecovered(page, refused);
    for (const one of refused) this.parked.add(searchDocumentId(one));
    const changed = refused.length + recovered.length > 0;
    const isNews = changed || this.#isNews(reached);
    if (changed || page.complete || ++this.#untold >= TELL_EVERY_STEPS) {
      if (isNews) {
        await this.#writer.mark(reached);
        await this.#store.advance(this.#token, reached, refused, recovered);
      }
      this.#told = reached;
      this.#untold = 0;
    }
    return { page, reached, refused, isNews };
  }

  #isNews({ position, writeSeq }: IndexReached): boolean {
    return this.#told.position !== position || this.#told.writeSeq !== writeSeq;
  }

  /** Takes the orders whose document the index now has out of `parked`, and returns them. */
  #takeRecovered(
    { orders }: ChangedRows,
    refused: readonly RefusedDocument[],
  ): { tenantId: string; orderId: string }[] {
    if (this.parked.size === 0) return [];
    const still = new Set(refused.map((one) => searchDocumentId(one)));
    return orders.filter(
      (one) => !still.has(searchDocumentId(one)) && this.parked.delete(searchDocumentId(one)),
    );
  }
}
