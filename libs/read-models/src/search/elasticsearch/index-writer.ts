import type { Client } from '@elastic/elasticsearch';
import { searchDocumentId } from '../search-document.js';
import {
  createIndex,
  MARKER_ID,
  markerDocument,
  reachedOf,
  type IndexReached,
  type MarkerDocument,
} from './index-definition.js';

/** A row of an order, and the number that its last write took. */
export interface ChangedOrder {
  readonly tenantId: string;
  readonly orderId: string;
  readonly revision: number;
  readonly writeSeq: bigint;
  /** As JSON, made when it is sent; null: what it is found by is missing. */
  readonly document: () => string | null;
}

/** An order whose document the index will not take, however often it is sent. */
export interface RefusedDocument extends Pick<ChangedOrder, 'tenantId' | 'orderId' | 'revision'> {
  readonly reason: string;
}

export interface IndexWriterOptions {
  /** Of one request, about. */
  readonly bulkMaxBytes?: number;
  /** Requests under way at one time; which is taken first plays no part, for each document has its version. */
  readonly concurrency?: number;
}

const BULK_MAX_BYTES = 4_000_000;
const CONCURRENCY = 2;
const BUSY_RETRIES = 8;
const BUSY_WAIT_MS = 500;
const NEWER_IS_THERE = 409;
const NO_SEARCH_ROW = 'no document can be made of the row: there is no row in order_search beside it';
const BUSY = 429;

/** Writes one index. What it is asked to write twice, or late, changes nothing: versions decide. */
export class IndexWriter {
  readonly #client: Client;
  readonly #index: string;
  readonly #options: Required<IndexWriterOptions>;

  constructor(client: Client, index: string, options: IndexWriterOptions = {}) {
    this.#client = client;
    this.#index = index;
    this.#options = { bulkMaxBytes: BULK_MAX_BYTES, concurrency: CONCURRENCY, ...options };
  }

  /** Creates the index where there is none; answers how far it is, null when nothing was written yet. */
  async open(): Promise<IndexReached | null> {
    await createIndex(this.#client, this.#index);
    const { found, _source } = await this.#client.get<MarkerDocument>(
      { index: this.#index, id: MARKER_ID },
      { ignore: [404] },
    );
    return found && _source ? reachedOf(_source) : null;
  }

  /**
   * Writes each order's document unless a newer one is there. When it resolves, all is stored durably
   * but what was refused.
   * @throws what the client threw: Elasticsearch is away or too busy, and nothing is certain
   */
  async write(orders: readonly ChangedOrder[]): Promise<RefusedDocument[]> {
    if (orders.length === 0) return [];
    const refused: RefusedDocument[] = [];
    const byId = new Map(orders.map((one) => [searchDocumentId(one), one]));
    let failure: Error | null = null;
    await this.#client.helpers.bulk<VersionedDocument>({
      index: this.#index,
      filter_path: ['errors', 'items.*.status', 'items.*.error'],
      datasource: documentsOf(orders, refused),
      flushBytes: this.#options.bulkMaxBytes,
      concurrency: this.#options.concurrency,
      retries: BUSY_RETRIES,
      wait: BUSY_WAIT_MS,
      onDocument: ({ id: _id, version, document }) => [
        { index: { _id, version, version_type: 'external_gte' } },
        document,
      ],
      onDrop: ({ status, error, operation }) => {
        if (status === NEWER_IS_THERE) return;
        const reason = error === null ? `status ${status}` : `${error.type}: ${error.reason ?? ''}`;
        const row = byId.get(idOf(operation));
        if (status >= 400 && status < 500 && status !== BUSY && row) refused.push({ ...row, reason });
        else failure ??= new IndexBusy(`Elasticsearch took no document: ${reason}`);
      },
    });
    if (failure !== null) throw failure as Error;
    return refused;
  }

  /**
   * To be called once everything up to there was written: from the next refresh on, searches say so. The marker has
   * a version like the documents, so that an owner that is one no longer takes nothing back.
   */
  async mark(reached: IndexReached): Promise<void> {
    const version = Number(reached.position) + 1;
    await this.#client.index(
      {
        ...{ index: this.#index, id: MARKER_ID, document: markerDocument(reached) },
        ...{ version, version_type: 'external_gte' },
      },
      { ignore: [NEWER_IS_THERE] },
    );
  }

  async remove(): Promise<void> {
    await this.#client.indices.delete({ index: this.#index, ignore_unavailable: true });
  }
}

/** It answers, but takes no documents for the moment. */
export class IndexBusy extends Error {}

interface VersionedDocument {
  readonly id: string;
  readonly version: number;
  /** As JSON. */
  readonly document: string;
}

/** Made one by one as they are sent. A row that no document can be made of is refused like one that is not taken. */
async function* documentsOf(
  orders: readonly ChangedOrder[],
  refused: RefusedDocument[],
): AsyncGenerator<VersionedDocument> {
  for (const one of orders) {
    const document = one.document();
    if (document === null) refused.push({ ...one, reason: NO_SEARCH_ROW });
    else yield { id: searchDocumentId(one), version: Number(one.writeSeq), document };
  }
}

function idOf(operation: unknown): string {
  return (operation as { index: { _id: string } }).index._id;
}
