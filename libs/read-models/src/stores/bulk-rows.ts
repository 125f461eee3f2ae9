import { ERASED } from '#domain/decider.js';
import type { Instant } from '#domain/instant.js';
import type { Order } from '#domain/order/state.js';
import type { Generation } from '../generations.js';
import { documentOf } from '../order-document.js';
import { summaryColumns, summaryOf } from '../order-summary.js';
import type { HistoryRow } from '../orders.projection.js';
import { foundByOf, personalWordsOf } from '../search/search-document.js';
import { searchRowOf, type SearchRow } from '../search-row.js';
import { CopyBuffer, type CopyColumn, type CopyType } from './copy-buffer.js';
import type { KnownWords } from './known-words.js';
import type { OrderKey } from './orders-store.js';
import { batchColumns } from './statements.js';

/** Of an order that got rows before: what they said of its last event then, and what ends its period. */
export interface Superseded extends OrderKey {
  /** Of that event. */
  readonly revision: number;
  /** The first that the order's rows did not show. */
  readonly fromRevision: number;
  /** null: it is still the last one that was applied. */
  readonly occurredUntil: Instant | null;
  readonly recordedUntil: Instant | null;
}

/** Rows that are ready to be copied into a table. */
export interface CopyPart {
  /** The table with its columns. */
  readonly into: string;
  readonly rows: Uint8Array;
}

const column = (name: string, type: CopyType, nullable = false): CopyColumn => ({
  column: name,
  type,
  nullable,
});
const NULLABLE: ReadonlySet<string> = new Set(['causation_id', 'occurred_until', 'recorded_until']);
const key = [column('tenant_id', 'text'), column('order_id', 'uuid'), column('revision', 'int4')];
/**
 * Indexes are made when all rows are there, and what one of them refuses would then be nobody's. An entry holds 2,704
 * bytes, compressed where it can be, and none has more than two texts: of this length they fit in any case. What has
 * longer ones is left to the usual writer, which comes when the indexes are there.
 */
const INDEXED_BYTES = 1_024;
const summary: readonly CopyColumn[] = summaryColumns.map((one) =>
  one.type === 'text' ? { ...one, maxBytes: INDEXED_BYTES } : one,
);
const ofEvent = batchColumns.history
  .slice(summary.length)
  .map(({ column: name, type }) => column(name, type, NULLABLE.has(name)));

/** By the name of the table in the schema of the generation; those of the build begin with `build_`. */
const tables = {
  orders: [...summary, column('document', 'json'), column('personal', 'json')],
  order_history: [...summary, ...ofEvent],
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

/** As JSON has a NUL character and half of a surrogate pair, which are no text to PostgreSQL. */
const NO_TEXT = /\\u(?:0000|d[89a-f])/;

/** Rows on their way into the tables of a generation, encoded as they come. */
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

  /** From now on the order has events that no row of it shows: the first of them at this revision. */
  opened({ tenantId, orderId }: OrderKey, revision: number): void {
    this.#buffers.build_opened.push([tenantId, orderId, revision]);
  }

  /** Nothing is left of the order up to this revision that could become a row. */
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
    values.push(row.position, row.eventId, row.type, JSON.stringify(row.data), row.commandId);
    values.push(row.correlationId, row.causationId, row.actorType, row.actorId);
    values.push(row.occurredAt, row.recordedAt, row.occurredUntil, row.recordedUntil);
    this.#buffers.order_history.push(values);
  }

  /**
   * @param writeSeq of a generation with an index
   * @param words those that are in a row already, as far as is known
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
    else this.#indexed(row);
  }

  #searched(row: SearchRow, words: KnownWords): void {
    const { tenantId, orderId, revision, vocabulary, ownWords, skus, phrases, personal } = row;
    // A blank on either side of every word, and something between two texts that is no word.
    const person = JSON.stringify(personal);
    // Its indexes take texts out of the JSON.
    if (NO_TEXT.test(person))
      throw new Error('PostgreSQL takes no text with a NUL character or half a surrogate pair');
    if (personal !== ERASED && Buffer.byteLength(personal.email ?? '') > INDEXED_BYTES)
      throw new Error(`the e-mail address has more than ${INDEXED_BYTES} bytes`);
    const found = [[...vocabulary, ...ownWords], skus, ` ${phrases.join(' | ')} `, person];
    this.#buffers.order_search.push([tenantId, orderId, revision, ...found]);
    for (const word of vocabulary) {
      if (words.isNew(tenantId, word)) this.#buffers.build_words.push([tenantId, word]);
    }
  }

  #indexed(row: SearchRow): void {
    const found = [JSON.stringify(foundByOf(row)), JSON.stringify(personalWordsOf(row))];
    this.#buffers.order_search.push([row.tenantId, row.orderId, row.revision, ...found]);
  }

  /** Does the work, and takes back all that it has pushed when it fails. @throws what the work threw */
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

  /** What was pushed; the memory is used again after `clear`. */
  parts(): CopyPart[] {
    const filled = (Object.keys(tables) as Table[]).filter((table) => this.#buffers[table].rows > 0);
    return filled.map((table) => ({ into: this.#into[table], rows: this.#buffers[table].toBuffer() }));
  }

  /** To be called when nobody needs the parts any more. */
  clear(): void {
    for (const buffer of Object.values(this.#buffers)) buffer.clear();
  }
}
