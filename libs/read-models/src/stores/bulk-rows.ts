import { ERASED } from '#domain/decider.js';
import type { Instant } from '#domain/instant.js';
import type { Order } from '#domain/order/state.js';
import { eventColumns, pushEventValues } from '../event-columns.js';
import type { Generation } from '../generations/generation.js';
import { documentOf } from '../order-document.js';
import { summaryColumns, summaryOf } from '../order-summary.js';
import type { HistoryRow } from '../orders.projection.js';
import { searchRowOf, type SearchRow } from '../search-row.js';
import { CopyBuffer, type CopyColumn, type CopyType } from './copy-buffer.js';
import type { KnownWords } from './known-words.js';
import type { OrderKey } from '../order-key.js';
import { indexedValues, joinedPhrases } from './search-values.js';

/**
 * An order that had rows already and gets newer ones: its last history row until now, and when that row's period
 * ends.
 */
export interface Superseded extends OrderKey {
  /** Of the last history row until now. */
  readonly revision: number;
  /** The first revision that the earlier rows did not include. */
  readonly fromRevision: number;
  /** null: no later event was applied. */
  readonly occurredUntil: Instant | null;
  readonly recordedUntil: Instant | null;
}

/** Rows that are ready to be copied into a table. */
export interface CopyPart {
  /** The table and its columns, as COPY takes them. */
  readonly into: string;
  readonly rows: Uint8Array;
}

const column = (name: string, type: CopyType, nullable = false): CopyColumn => ({
  column: name,
  type,
  nullable,
});
const key = [column('tenant_id', 'text'), column('order_id', 'uuid'), column('revision', 'int4')];
/**
 * The longest text, in bytes, of an indexed column that is loaded in bulk. Indexes are created after all rows, and an
 * error of an index could not be traced to an order then. An index entry holds 2,704 bytes, compressed where it can be,
 * and none has more than two texts: two of this length fit in any case. An order with a longer text is left to the
 * orders follower, which writes it once the indexes exist.
 */
const INDEXED_BYTES = 1_024;
const summary: readonly CopyColumn[] = summaryColumns.map((one) =>
  one.type === 'text' ? { ...one, maxBytes: INDEXED_BYTES } : one,
);

/** Columns by table, in the schema of the generation. Tables that only the build needs begin with `build_`. */
const tables = {
  orders: [...summary, column('document', 'json'), column('personal', 'json')],
  order_history: [...summary, ...eventColumns],
  order_search: [
    ...key,
    ...[column('words', 'tsvector'), column('skus', 'text[]')],
    ...[column('phrases', 'text'), column('personal', 'json')],
  ],
  build_words: [column('tenant_id', 'text'), column('word', 'text')],
  build_opened: key,
  build_closed: key,
  build_superseded: [
    ...key,
    column('from_revision', 'int4'),
    column('occurred_until', 'timestamptz', true),
    column('recorded_until', 'timestamptz', true),
  ],
} as const satisfies Record<string, readonly CopyColumn[]>;

type Table = keyof typeof tables;

/** A NUL character or half a surrogate pair, as JSON escapes them: PostgreSQL has no text with either. */
const NO_TEXT = /\\u(?:0000|d[89a-f])/;

/** Collects the rows of a generation's tables, and encodes them for COPY as they come. */
export class BulkRows {
  readonly #buffers: Readonly<Record<Table, CopyBuffer>>;
  readonly #into: Readonly<Record<Table, string>>;
  readonly #searchesTables: boolean;

  constructor({ schema, searchIndex }: Generation) {
    this.#searchesTables = searchIndex === null;
    const columns: Record<Table, readonly CopyColumn[]> = { ...tables };
    if (!this.#searchesTables) {
      columns.orders = [...columns.orders, column('write_seq', 'int8')];
      columns.order_search = [...key, column('found_by', 'json'), column('personal', 'json')];
    }
    const each = <T>(make: (table: Table) => T) =>
      Object.fromEntries(Object.keys(tables).map((table) => [table, make(table as Table)])) as Record<
        Table,
        T
      >;
    this.#buffers = each((table) => new CopyBuffer(columns[table]));
    this.#into = each(
      (table) => `${schema}.${table} (${columns[table].map((one) => one.column).join(', ')})`,
    );
  }

  /** The order has events that none of its rows includes; the first of them has this revision. */
  opened({ tenantId, orderId }: OrderKey, revision: number): void {
    this.#buffers.build_opened.push([tenantId, orderId, revision]);
  }

  /** No further event of the order up to this revision becomes a row. */
  closed({ tenantId, orderId }: OrderKey, revision: number): void {
    this.#buffers.build_closed.push([tenantId, orderId, revision]);
  }

  superseded(row: Superseded): void {
    const { tenantId, orderId, revision, fromRevision, occurredUntil, recordedUntil } = row;
    this.#buffers.build_superseded.push([
      tenantId,
      orderId,
      revision,
      fromRevision,
      occurredUntil,
      recordedUntil,
    ]);
  }

  history(row: HistoryRow): void {
    const values: unknown[] = summaryColumns.map(({ field }) => row.summary[field]);
    pushEventValues(values, row);
    this.#buffers.order_history.push(values);
  }

  /**
   * @param writeSeq the number that the write of the row takes; used only in a generation with an index
   * @param words the words that were pushed before, as far as remembered; new ones are added, and may be pushed twice
   */
  order(order: Order, writeSeq: number, words: KnownWords): void {
    const values: unknown[] = [];
    const shown = summaryOf(order);
    for (const { field } of summaryColumns) values.push(shown[field]);
    values.push(JSON.stringify(documentOf(order)), JSON.stringify(order.personal));
    if (!this.#searchesTables) values.push(writeSeq);
    this.#buffers.orders.push(values);
    const row = searchRowOf(order);
    if (this.#searchesTables) this.#searched(row, words);
    else this.#buffers.order_search.push(indexedValues(row));
  }

  #searched(row: SearchRow, words: KnownWords): void {
    const { tenantId, orderId, revision, vocabulary, ownWords, skus, personal } = row;
    const person = JSON.stringify(personal);
    // Indexes of `order_search` take texts out of this JSON.
    if (NO_TEXT.test(person))
      throw new Error('PostgreSQL cannot store a text with a NUL character or half a surrogate pair');
    if (personal !== ERASED && Buffer.byteLength(personal.email ?? '') > INDEXED_BYTES)
      throw new Error(`the e-mail address has more than ${INDEXED_BYTES} bytes`);
    const found = [[...vocabulary, ...ownWords], skus, joinedPhrases(row), person];
    this.#buffers.order_search.push([tenantId, orderId, revision, ...found]);
    for (const word of vocabulary) {
      if (words.isNew(tenantId, word)) this.#buffers.build_words.push([tenantId, word]);
    }
  }

  /** Runs the work. When it throws, all rows that it pushed are taken back. @throws what the work threw */
  allOrNone(work: () => void): void {
    const buffers = Object.values(this.#buffers);
    const marks = buffers.map((buffer) => buffer.mark());
    try {
      work();
    } catch (error) {
      buffers.forEach((buffer, index) => buffer.backTo(marks[index]!));
      throw error;
    }
  }

  /** The pushed rows by table, without empty tables. Their memory is reused after `clear`. */
  parts(): CopyPart[] {
    const filled = (Object.keys(tables) as Table[]).filter((table) => this.#buffers[table].rows > 0);
    return filled.map((table) => ({ into: this.#into[table], rows: this.#buffers[table].toBuffer() }));
  }

  /** Call it only when the result of `parts` is no longer in use. */
  clear(): void {
    for (const buffer of Object.values(this.#buffers)) buffer.clear();
  }
}
