import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { Erased } from '#domain/decider.js';
import type { Order, OrderPersonal, OrderState } from '#domain/order/state.js';
import { decode } from '#event-store/codec.js';
import { orderStream } from '#event-store/streams.js';
import type { Generation } from '#read-models/generations/generation.js';
import { orderOf, type OrderDocument } from '#read-models/order-document.js';
import type { IndexReached } from '#read-models/search/elasticsearch/index-definition.js';
import type { IndexReader } from '#read-models/search/elasticsearch/index-reader.js';
import {
  searchDocumentId,
  searchDocumentOf,
  type SearchDocument,
} from '#read-models/search/search-document.js';
import { ordersWithoutRow } from '#read-models/stores/order-keys.js';
import type { OrderKey } from '#read-models/order-key.js';
import { foldSkipping, withoutSkipped, type SkippedRevisions } from '#read-models/skipped-events.js';
import { SearchProgressStore } from '#read-models/stores/search-progress.store.js';
import { skippedEvents } from '#read-models/stores/skips.store.js';
import { loadRows, type StoredRows } from '#read-models/stores/stored-rows.js';
import { shown, differencesBetween, type Difference } from './differences.js';
import { messageOf } from '../engine/interruptions.js';
import type { ReadableStore } from '../engine/read-stream.js';
import { eventsUpTo } from './events-up-to.js';
import { forEachOf } from './for-each-of.js';

export interface VerifiedIndex {
  readonly eventStore: ReadableStore;
  readonly pool: pg.Pool;
  readonly generation: Generation;
  readonly reader: IndexReader;
  /** Orders whose document the index refused, as `<tenantId>.<orderId>`: there is nothing to compare. */
  readonly parked: ReadonlySet<string>;
  /** How long to wait for an index that makes no progress. */
  readonly patienceMs: number;
  readonly signal: AbortSignal | undefined;
}

/** A document that is behind its row as it was read; undefined: it is missing. */
interface Behind {
  readonly row: StoredRows;
  readonly document: SearchDocument | undefined;
}

/**
 * Before each, the index has caught up with the rows: a document that is behind every time is not merely on its way.
 */
const LOOKS_AGAIN = 3;
const POLL_MS = 100;

/**
 * Compares each row's document with what the row makes of it. A live system goes on meanwhile: a document that is
 * ahead of its row is compared with a fold of the stream at the document's revision. A document that is behind its
 * row is looked at again once the index has caught up with the rows.
 */
export async function verifyDocuments(
  index: VerifiedIndex,
  rows: readonly StoredRows[],
): Promise<Difference[]> {
  const found: Difference[] = [];
  const unparked = rows.filter((row) => !index.parked.has(searchDocumentId(row)));
  let behind = await compare(index, unparked, found);
  for (let looks = LOOKS_AGAIN; behind.length > 0 && looks > 0; looks--) {
    const now = behind.map(({ row }) => row);
    const again = await loadRows(index.pool, index.generation, now);
    if (!(await hasAllRows(index))) looks = 1;
    behind = await compare(index, again, found);
  }
  return [...found, ...behind.map(({ row, document }) => lateDocument(row, document))];
}

/** @returns the documents that are behind their rows */
async function compare(
  { reader, eventStore, pool }: VerifiedIndex,
  rows: readonly StoredRows[],
  found: Difference[],
): Promise<Behind[]> {
  const documents = await reader.documents(rows);
  const behind: Behind[] = [];
  const ahead: { readonly row: StoredRows; readonly document: SearchDocument }[] = [];
  for (const row of rows) {
    const document = documents.get(searchDocumentId(row));
    if (document === undefined || document.revision < row.revision) behind.push({ row, document });
    else if (document.revision > row.revision) ahead.push({ row, document });
    else found.push(...differencesOf(row, orderOfRow(row), document));
  }
  if (ahead.length === 0) return behind;
  const skips = await skippedEvents(pool, { orders: ahead.map(({ row }) => row) });
  await forEachOf(ahead, async ({ row, document }) => {
    const skipped = skips.of(orderStream(row.tenantId, row.orderId));
    found.push(...(await differencesFromStream(eventStore, row, document, skipped)));
  });
  return behind;
}

async function differencesFromStream(
  eventStore: ReadableStore,
  key: OrderKey,
  document: SearchDocument,
  skipped: SkippedRevisions,
): Promise<Difference[]> {
  const { revision } = document;
  const raw = await eventsUpTo(eventStore, orderStream(key.tenantId, key.orderId), revision);
  if (raw instanceof Error) return []; // reported with its row already, unless known or only now unreadable
  let order: OrderState;
  try {
    order = foldSkipping(null, await decode(withoutSkipped(raw, skipped)), skipped, revision);
  } catch (error) {
    const actual = messageOf(error);
    return [{ ...keyOf(key), kind: 'unreadable', path: 'document of the index', expected: null, actual }];
  }
  return order === null ? [] : differencesOf(key, order, document);
}

/** Waits until the index has all rows that there are now. @returns false when it makes no progress */
async function hasAllRows({ pool, generation, patienceMs, signal }: VerifiedIndex): Promise<boolean> {
  const progress = new SearchProgressStore(pool, generation);
  const rows = await progress.rowsReached();
  let last: IndexReached | null = null;
  let movedMs = performance.now();
  for (;;) {
    const index = await progress.checkpoint();
    if (index.position >= rows.position && index.writeSeq >= rows.writeSeq) return true;
    if (index.position !== last?.position || index.writeSeq !== last.writeSeq) movedMs = performance.now();
    last = index;
    if (performance.now() - movedMs >= patienceMs) return false;
    await delay(POLL_MS, undefined, signal ? { signal } : {});
  }
}

/** Documents of orders that have no row. */
export async function* documentsWithoutOrder({
  pool,
  generation,
  reader,
}: VerifiedIndex): AsyncGenerator<Difference> {
  for await (const keys of reader.keys()) {
    for (const key of await ordersWithoutRow(pool, generation, keys)) {
      yield { ...key, kind: 'extra_row', path: 'document of the index', expected: null, actual: null };
    }
  }
}

function orderOfRow({ document, personal }: StoredRows): Order {
  return orderOf(JSON.parse(document) as OrderDocument, JSON.parse(personal) as OrderPersonal | Erased);
}

function differencesOf(key: OrderKey, order: Order, document: SearchDocument): Difference[] {
  const expected: unknown = JSON.parse(JSON.stringify(searchDocumentOf(order)));
  return differencesBetween(expected, document).map(({ path, ...values }) => {
    // Tells where personal data differs, never its values.
    const hidden = path.startsWith('personal');
    return {
      ...keyOf(key),
      kind: 'search',
      path: `document of the index: ${path}`,
      expected: hidden ? null : shown(values.expected),
      actual: hidden ? null : shown(values.actual),
    };
  });
}

function lateDocument(row: StoredRows, document: SearchDocument | undefined): Difference {
  const [expected, actual] = [shown(row.revision), shown(document?.revision)];
  const kind = document === undefined ? 'search' : 'behind';
  return { ...keyOf(row), kind, path: 'document of the index', expected, actual };
}

function keyOf({ tenantId, orderId }: OrderKey): OrderKey {
  return { tenantId, orderId };
}
