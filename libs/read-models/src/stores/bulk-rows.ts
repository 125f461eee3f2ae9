import type pg from 'pg';
import type { Instant } from '#domain/instant.js';
import type { Order } from '#domain/order/state.js';
import type { Generation } from '../generations.js';
import { documentOf } from '../order-document.js';
import { summaryColumns, summaryOf } from '../order-summary.js';
import type { HistoryRow } from '../orders.projection.js';
import { searchRowOf } from '../search-row.js';
import { CopyBuffer, type CopyType } from './copy-buffer.js';
import { copyIn } from './copy-in.js';
import type { OrderKey } from './orders-store.js';
import { batchColumns } from './statements.js';

/** A row of an order that a later one takes the place of, and the end of the period of its last event. */
export interface Superseded extends OrderKey {
  readonly revision: number;
  readonly occurredUntil: Instant;
  readonly recordedUntil: Instant;
}

interface Column {
  readonly column: string;
  readonly type: CopyType;
}

const column = (name: string, type: CopyType): Column => ({ column: name, type });
const key = [column('tenant_id', 'text'), column('order_id', 'uuid'), column('revision', 'int4')];
const summary: readonly Column[] = summaryColumns;

/** By the name of the table in the schema of the generation; those of the build begin with `build_`. */
const tables = {
  orders: [...summary, column('document', 'json'), column('personal', 'json')],
  order_history: [...summary, ...batchColumns.history.slice(summary.length)],
  order_search: [
    ...key,
    ...[column('words', 'tsvector'), column('skus', 'text[]')],
    ...[column('phrases', 'text'), column('personal', 'json')],
  ],
  build_words: [column('tenant_id', 'text'), column('word', 'text')],
  build_opened: key,
  build_superseded: [
    ...key,
    column('occurred_until', 'timestamptz'),
    column('recorded_until', 'timestamptz'),
  ],
} as const satisfies Record<string, readonly Column[]>;

type Table = keyof typeof tables;

/** Rows on their way into the tables of a generation, encoded as they come. */
export class BulkRows {
  readonly #buffers: Readonly<Record<Table, CopyBuffer>>;
  readonly #into: Readonly<Record<Table, string>>;
  readonly #searchesTables: boolean;

  constructor({ schema, searchIndex }: Generation) {
    this.#searchesTables = searchIndex === null;
    const columns: Record<Table, readonly Column[]> = { ...tables };
    if (!this.#searchesTables) columns.orders = [...columns.orders, column('write_seq', 'int8')];
    const each = <T>(make: (table: Table) => T) =>
      Object.fromEntries(Object.keys(tables).map((table) => [table, make(table as Table)])) as Record<Table, T>;
    this.#buffers = each((table) => new CopyBuffer(columns[table].map(({ type }) => type)));
    this.#into = each((table) => `${schema}.${table} (${columns[table].map((one) => one.column).join(', ')})`);
  }

  get sizeBytes(): number {
    let sum = 0;
    for (const { sizeBytes } of Object.values(this.#buffers)) sum += sizeBytes;
    return sum;
  }

  /** From now on the order has events that no row of it shows: the first of them at this revision. */
  opened({ tenantId, orderId }: OrderKey, revision: number): void {
    this.#buffers.build_opened.push([tenantId, orderId, revision]);
  }

  superseded({ tenantId, orderId, revision, occurredUntil, recordedUntil }: Superseded): void {
    this.#buffers.build_superseded.push([tenantId, orderId, revision, occurredUntil, recordedUntil]);
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
   * @param isNewWord whether the tenant's word is in no row yet, as far as is known
   */
  order(order: Order, writeSeq: number, isNewWord: (tenantId: string, word: string) => boolean): void {
    const values: unknown[] = [];
    const shown = summaryOf(order);
    for (const { field } of summaryColumns) values.push(shown[field]);
    values.push(JSON.stringify(documentOf(order)), JSON.stringify(order.personal));
    if (!this.#searchesTables) values.push(writeSeq);
    this.#buffers.orders.push(values);
    if (!this.#searchesTables) return;
    const { tenantId, orderId, revision, words, skus, phrases, personal, vocabulary } = searchRowOf(order);
    // A blank on either side of every word, and something between two texts that is no word.
    const found = [words, skus, ` ${phrases.join(' | ')} `, JSON.stringify(personal)];
    this.#buffers.order_search.push([tenantId, orderId, revision, ...found]);
    for (const word of vocabulary) {
      if (isNewWord(tenantId, word)) this.#buffers.build_words.push([tenantId, word]);
    }
  }

  /** To be called when the copying is over. */
  clear(): void {
    for (const buffer of Object.values(this.#buffers)) buffer.clear();
  }

  /** Within the transaction that is open. */
  async copy(db: pg.ClientBase): Promise<void> {
    for (const table of Object.keys(tables) as Table[]) {
      const buffer = this.#buffers[table];
      if (buffer.rows > 0) await copyIn(db, this.#into[table], buffer.toBuffer());
    }
  }
}
