import { setTimeout as delay } from 'node:timers/promises';
import type { Client, estypes } from '@elastic/elasticsearch';
import { searchDocumentId } from '../search-document.js';
import {
  createIndex,
  MARKER_ID,
  markerDocument,
  reachedOf,
  SHOWN_ID,
  writtenAs,
  type IndexReached,
  type MarkerDocument,
  type ShownDocument,
} from './index-definition.js';

/** A row of an order, and the number that its last write took. */
export interface ChangedOrder {
  readonly tenantId: string;
  readonly orderId: string;
  readonly revision: number;
  readonly writeSeq: bigint;
  /**
   * JSON. null: the order has no row in `order_search`. `gone`: the order has no row any more, and its document is
   * deleted.
   */
  readonly document: Uint8Array | 'gone' | null;
}

/** The moment at which rows were read. */
export interface ReadAt {
  readonly position: bigint | null;
  readonly stretch: string | null;
}

/** The last write of which an index may have a document, and how far the rows were when it was read; -1: there is none. */
export interface LastWrite extends IndexReached {
  /** The stretch that was being written when this write was read, by its name; null: an earlier release read it. */
  readonly stretch: string | null;
}

/** An order whose document the index will not take, however often it is sent. */
export interface RefusedDocument extends Pick<ChangedOrder, 'tenantId' | 'orderId' | 'revision'> {
  readonly reason: string;
}

export interface IndexWriterOptions {
  /** Approximate size of one request. */
  readonly bulkMaxBytes?: number;
  /** Requests under way at one time. Their order does not matter: each document has its version. */
  readonly concurrency?: number;
  /** Waits before documents are sent again that Elasticsearch was too busy to take. */
  readonly pause?: (pauseMs: number) => Promise<unknown>;
}

const BULK_MAX_BYTES = 4_000_000;
const CONCURRENCY = 2;
const BUSY_RETRIES = 8;
const BUSY_PAUSE_MIN_MS = 100;
const BUSY_PAUSE_MAX_MS = 2_000;
const NEWER_IS_THERE = 409;
const NO_SEARCH_ROW = 'no document can be made of the row: it has no row beside it in order_search';
const BUSY = 429;
/** Together with an error. Without an error, the document that is to be deleted is not there. */
const INDEX_IS_GONE = 404;

/** Writes one index. A document that is sent twice, or late, changes nothing: versions decide. */
export class IndexWriter {
  readonly #client: Client;
  readonly #index: string;
  readonly #options: Required<IndexWriterOptions>;

  constructor(client: Client, index: string, options: IndexWriterOptions = {}) {
    this.#client = client;
    this.#index = index;
    const pause = (pauseMs: number) => delay(pauseMs);
    this.#options = { bulkMaxBytes: BULK_MAX_BYTES, concurrency: CONCURRENCY, pause, ...options };
  }

  /** Creates the index unless it is there. @returns how far it is by its marker; null: it has no marker yet */
  async open(): Promise<IndexReached | null> {
    await createIndex(this.#client, this.#index);
    return (await this.#marker()) ?? null;
  }

  /**
   * Whether the index is there, and its marker tells that it is as far as that. An index that was deleted is not, nor
   * is an older copy that was restored in its place.
   */
  async isAsFar({ position, writeSeq }: IndexReached): Promise<boolean> {
    const marker = await this.#marker();
    if (marker === undefined) return false;
    if (marker === null) return position < 0n && writeSeq <= 0n;
    return marker.position >= position && marker.writeSeq >= writeSeq;
  }

  /** The last write of which the index may have a document, whether or not the marker tells so. */
  async lastWrite(): Promise<LastWrite> {
    const { found, _source } = await this.#client.get<ShownDocument>(
      { index: this.#index, id: SHOWN_ID },
      { ignore: [404] },
    );
    if (!found || !_source) return { position: -1n, writeSeq: -1n, stretch: null };
    const { shownThrough, writeSeq, texts } = _source;
    return { position: BigInt(shownThrough), writeSeq: BigInt(writeSeq), stretch: texts?.stretch ?? null };
  }

  /**
   * Writes each order's document, or deletes it, unless a newer one is there. When it resolves, all documents but
   * those that were refused are stored durably.
   * @param readAt.position no event after it is in the documents; null: the rows have read no event
   * @param readAt.stretch the one that was being written when the rows were read; null: none was noted
   * @throws what the client threw, or IndexBusy: Elasticsearch is away or too busy, or the index is gone, and
   * nothing is certain
   */
  async write(orders: readonly ChangedOrder[], { position, stretch }: ReadAt): Promise<RefusedDocument[]> {
    const complete = orders.filter(isComplete);
    const refused: RefusedDocument[] = orders
      .filter((one) => !isComplete(one))
      .map((one) => ({ ...one, reason: NO_SEARCH_ROW }));
    const requests = requestsOf(complete, this.#options.bulkMaxBytes).values();
    const shown = { position: position ?? -1n, writeSeq: lastWriteSeq(complete), stretch };
    let failed = false;
    const send = async () => {
      for (const request of requests) {
        if (failed) return;
        try {
          refused.push(...(await this.#send(request, shown)));
        } catch (error) {
          failed = true;
          throw error;
        }
      }
    };
    const sending = await Promise.allSettled(Array.from({ length: this.#options.concurrency }, send));
    for (const sent of sending) if (sent.status === 'rejected') throw sent.reason;
    return refused;
  }

  /**
   * To be called once everything up to there was written: from the next refresh on, searches tell so. The marker
   * has a version like the documents, so that a former owner cannot set it back.
   */
  async mark(reached: IndexReached): Promise<void> {
    const version = Number(reached.position) + 1;
    await this.#client.index(
      {
        ...{ index: writtenAs(this.#index), require_alias: true },
        ...{ id: MARKER_ID, document: markerDocument(reached) },
        ...{ version, version_type: 'external_gte' },
      },
      { ignore: [NEWER_IS_THERE] },
    );
  }

  /** Returns null where the index has no marker yet, and undefined where there is no index. */
  async #marker(): Promise<IndexReached | null | undefined> {
    const { found, _source } = await this.#client.get<MarkerDocument>(
      { index: this.#index, id: MARKER_ID },
      { ignore: [404] },
    );
    if (found && _source) return reachedOf(_source);
    return found === false ? null : undefined;
  }

  async remove(): Promise<void> {
    await this.#client.indices.delete({ index: this.#index, ignore_unavailable: true });
  }

  /**
   * Sends one request, and more for the documents that Elasticsearch was too busy to take.
   * @returns the documents that were refused
   */
  async #send(orders: readonly CompleteOrder[], shown: LastWrite): Promise<RefusedDocument[]> {
    const refused: RefusedDocument[] = [];
    let left = orders;
    for (let retries = 0; ; retries++) {
      const busy: CompleteOrder[] = [];
      for (const [index, outcome] of (await this.#bulk(left, shown)).entries()) {
        if (isThere(outcome)) continue;
        const { status } = outcome;
        const reason = reasonOf(outcome);
        if (status >= 500 || status === INDEX_IS_GONE || (status === BUSY && retries === BUSY_RETRIES))
          throw new IndexBusy(`Elasticsearch did not take a document: ${reason}`);
        if (status === BUSY) busy.push(left[index]!);
        else refused.push({ ...left[index]!, reason });
      }
      if (busy.length === 0) return refused;
      left = busy;
      await this.#options.pause(busyPauseMs(retries));
    }
  }

  /** @returns the outcome of each document, in their order; nothing when all were written */
  async #bulk(orders: readonly CompleteOrder[], shown: LastWrite): Promise<estypes.BulkResponseItem[]> {
    const { errors, items } = await this.#client.transport.request<estypes.BulkResponse>({
      method: 'POST',
      path: `/${encodeURIComponent(writtenAs(this.#index))}/_bulk`,
      querystring: { require_alias: true, filter_path: 'errors,items.*.status,items.*.error' },
      bulkBody: bodyOf(orders, shown),
    });
    if (!errors) return [];
    const [own, ...outcomes] = items.map((item) => item.index ?? item.delete!);
    // The shard was too busy for the whole request.
    if (own!.status === BUSY) return orders.map(() => own!);
    if (!isThere(own!)) throw new IndexBusy(`Elasticsearch did not take a document: ${reasonOf(own!)}`);
    return outcomes;
  }
}

/**
 * Elasticsearch answers, but takes no documents for the moment; or the index is gone, and has to be opened again.
 */
export class IndexBusy extends Error {}

/** Twice as long with every retry up to a limit, and random, so that writers do not all come back at once. */
function busyPauseMs(retries: number): number {
  const limitMs = Math.min(BUSY_PAUSE_MAX_MS, BUSY_PAUSE_MIN_MS * 2 ** retries);
  return limitMs * (0.5 + Math.random() / 2);
}

/** Whether the document was written or deleted, or a newer one is there. */
function isThere({ status, error }: estypes.BulkResponseItem): boolean {
  if (status === INDEX_IS_GONE && error === undefined) return true;
  return status < 400 || status === NEWER_IS_THERE;
}

function reasonOf({ status, error }: estypes.BulkResponseItem): string {
  return error ? `${error.type}: ${error.reason ?? ''}` : `status ${status}`;
}

type CompleteOrder = ChangedOrder & { readonly document: Uint8Array | 'gone' };

function isComplete(order: ChangedOrder): order is CompleteOrder {
  return order.document !== null;
}

function requestsOf(orders: readonly CompleteOrder[], maxBytes: number): CompleteOrder[][] {
  const requests: CompleteOrder[][] = [];
  let bytes = Infinity;
  for (const order of orders) {
    if (bytes >= maxBytes) {
      requests.push([]);
      bytes = 0;
    }
    requests.at(-1)!.push(order);
    bytes += order.document.length;
  }
  return requests;
}

function lastWriteSeq(orders: readonly CompleteOrder[]): bigint {
  return orders.reduce((last, { writeSeq }) => (writeSeq > last ? writeSeq : last), -1n);
}

const LINE_END = Buffer.from('\n');

/** The lines of a `_bulk` request: for each document what to do with it, and the document. */
function bodyOf(orders: readonly CompleteOrder[], { position, writeSeq, stretch }: LastWrite): Buffer {
  const shown: ShownDocument = {
    ...{ shownThrough: position.toString(), writeSeq: writeSeq.toString() },
    ...(stretch === null ? {} : { texts: { stretch } }),
  };
  const parts: Uint8Array[] = [
    actionOf('index', SHOWN_ID, Number(writeSeq)),
    Buffer.from(JSON.stringify(shown)),
    LINE_END,
  ];
  for (const order of orders) {
    const [id, version] = [searchDocumentId(order), Number(order.writeSeq)];
    if (order.document === 'gone') parts.push(actionOf('delete', id, version));
    else parts.push(actionOf('index', id, version), order.document, LINE_END);
  }
  return Buffer.concat(parts);
}

function actionOf(action: 'index' | 'delete', id: string, version: number): Buffer {
  const what = { _id: id, version, version_type: 'external_gte' };
  return Buffer.from(`${JSON.stringify({ [action]: what })}\n`);
}
