import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { Erased } from '#domain/decider.js';
import type { OrderPersonal } from '#domain/order/state.js';
import type { Generation } from '#read-models/generations.js';
import { orderOf, type OrderDocument } from '#read-models/order-document.js';
import type { IndexReader } from '#read-models/search/elasticsearch/index-reader.js';
import {
  searchDocumentId,
  searchDocumentOf,
  type SearchDocument,
} from '#read-models/search/search-document.js';
import type { OrderKey } from '#read-models/stores/orders-store.js';
import { shown, differencesBetween, type Difference } from './differences.js';
import { ordersWithoutRow } from './coverage.js';
import { loadRows, type VerifiedRows } from './verified-rows.js';

export interface VerifiedIndex {
  readonly pool: pg.Pool;
  readonly generation: Generation;
  readonly reader: IndexReader;
  /** Orders whose document the index refused, as `<tenantId>.<orderId>`: there is nothing to compare. */
  readonly parked: ReadonlySet<string>;
}

/** A live system goes on meanwhile: a document that is not of its row's revision is looked at again. */
const LOOK_AGAIN_TIMES = 20;
const LOOK_AGAIN_MS = 100;

/** Compares each row's document with what the row makes of it. */
export async function verifyDocuments(
  index: VerifiedIndex,
  rows: readonly VerifiedRows[],
): Promise<Difference[]> {
  let compared = rows.filter((row) => !index.parked.has(searchDocumentId(row)));
  let documents = await index.reader.documents(compared);
  const found: Difference[] = [];
  for (let times = 0; ; times++) {
    const moving = compared.filter((row) => documents.get(searchDocumentId(row))?.revision !== row.revision);
    const still = new Set(moving);
    for (const row of compared) {
      if (!still.has(row)) found.push(...differencesOf(row, documents.get(searchDocumentId(row))!));
    }
    if (moving.length === 0) return found;
    if (times === LOOK_AGAIN_TIMES) {
      const late = (row: VerifiedRows) => lateDocument(row, documents.get(searchDocumentId(row)));
      return [...found, ...moving.map(late)];
    }
    await delay(LOOK_AGAIN_MS);
    compared = await loadRows(index.pool, index.generation, moving);
    documents = await index.reader.documents(compared);
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

function differencesOf(row: VerifiedRows, document: SearchDocument): Difference[] {
  const personal = JSON.parse(row.personal) as OrderPersonal | Erased;
  const order = orderOf(JSON.parse(row.document) as OrderDocument, personal);
  const expected: unknown = JSON.parse(JSON.stringify(searchDocumentOf(order)));
  return differencesBetween(expected, document).map(({ path, ...values }) => {
    // Where a person's data differs is said, what it is never.
    const hidden = path.startsWith('personal');
    return {
      ...keyOf(row),
      kind: 'search',
      path: `document of the index: ${path}`,
      expected: hidden ? null : shown(values.expected),
      actual: hidden ? null : shown(values.actual),
    };
  });
}

function lateDocument(row: VerifiedRows, document: SearchDocument | undefined): Difference {
  const [expected, actual] = [shown(row.revision), shown(document?.revision)];
  const kind = document === undefined ? 'search' : 'behind';
  return { ...keyOf(row), kind, path: 'document of the index', expected, actual };
}

function keyOf({ tenantId, orderId }: OrderKey): OrderKey {
  return { tenantId, orderId };
}
