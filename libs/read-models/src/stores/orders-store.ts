import type { Erased } from '#domain/decider.js';
import type { Instant } from '#domain/instant.js';
import type { Order, OrderPersonal } from '#domain/order/state.js';
import type { Generation, Queryable } from '../generations.js';
import { documentOf, orderOf, type OrderDocument } from '../order-document.js';
import { summaryOf } from '../order-summary.js';
import type { HistoryRow } from '../orders.projection.js';
import type { SearchRow } from '../search-row.js';
import { BinaryArray, arrayLiteral } from './binary-array.js';
import { historyColumns, orderColumns, statementsOf, summaryValues, type Statement } from './statements.js';
import { WordsStore } from './words-store.js';

export interface OrderKey {
  readonly tenantId: string;
  readonly orderId: string;
}

/** The end of the period that an order's last history row had left open. */
export interface PeriodEnd extends OrderKey {
  readonly revision: number;
  readonly occurredUntil: Instant;
  readonly recordedUntil: Instant;
}

/** What a batch of events comes to: each order once, as it is after the last of its events. */
export interface OrdersBatch {
  readonly orders: readonly Order[];
  readonly history: readonly HistoryRow[];
  readonly periodEnds: readonly PeriodEnd[];
  readonly searched: readonly SearchRow[];
  /** Distinct words of the orders searched, by tenant. */
  readonly vocabulary: ReadonlyMap<string, ReadonlySet<string>>;
  /** All events up to here are in this batch or in earlier ones. */
  readonly checkpoint: bigint;
}

/** A row that only this writer writes was changed by another. */
export class ForeignWrite extends Error {}

/**
 * Writes the projection `orders` into one generation. The connection is the one that holds the
 * projection's lock: when the lock is lost, so is the transaction.
 */
export class OrdersStore {
  readonly #db: Queryable;
  readonly #statements: ReturnType<typeof statementsOf>;
  readonly #words: WordsStore;
  readonly #generation: Generation;
  readonly #orderColumns = orderColumns.map(({ type }) => new BinaryArray(type));
  readonly #historyColumns = historyColumns.map(({ type }) => new BinaryArray(type));

  constructor(db: Queryable, generation: Generation) {
    this.#db = db;
    this.#generation = generation;
    this.#statements = statementsOf(generation.schema);
    this.#words = new WordsStore(db, generation.schema);
  }

  /** The orders that have a row, in no order. */
  async load(keys: readonly OrderKey[]): Promise<Order[]> {
    if (keys.length === 0) return [];
    const tenants = new BinaryArray('text');
    const orders = new BinaryArray('uuid');
    for (const { tenantId, orderId } of keys) {
      tenants.push(tenantId);
      orders.push(orderId);
    }
    const rows = await this.#rows<{ document: OrderDocument; personal: OrderPersonal | Erased }>(
      this.#statements.load,
      [tenants, orders],
    );
    return rows.map(({ document, personal }) => orderOf(document, personal));
  }

  /** All of it and its checkpoint, or nothing. @throws ForeignWrite when a row is further than the batch's */
  async write(batch: OrdersBatch): Promise<void> {
    await this.#db.query('BEGIN');
    try {
      await this.#writeOrders(batch.orders);
      await this.#insertHistory(batch.history);
      await this.#endPeriods(batch.periodEnds);
      await this.#writeSearch(batch.searched);
      const newWords = await this.#words.insert(batch.vocabulary);
      await this.writeCheckpoint(batch.checkpoint);
      await this.#db.query('COMMIT');
      this.#words.remember(newWords);
    } catch (error) {
      await this.#db.query('ROLLBACK').catch(() => {
        // The connection is gone, and the transaction with it; the error that matters is the first.
      });
      throw error;
    }
  }

  /** Everything up to the position was seen. A checkpoint never goes back. */
  async writeCheckpoint(position: bigint): Promise<void> {
    await this.#db.query({
      ...this.#statements.checkpoint,
      values: [this.#generation.id, position.toString()],
    });
  }

  async #writeOrders(orders: readonly Order[]): Promise<void> {
    if (orders.length === 0) return;
    const columns = cleared(this.#orderColumns);
    for (const order of orders) {
      const values = summaryValues(summaryOf(order));
      values.push(JSON.stringify(documentOf(order)), JSON.stringify(order.personal));
      columns.forEach((column, index) => column.push(values[index]));
    }
    const written = await this.#run(this.#statements.upsertOrders, columns);
    if (written !== orders.length) {
      throw new ForeignWrite(`${orders.length - written} order rows are further than what was to be written`);
    }
  }

  async #insertHistory(rows: readonly HistoryRow[]): Promise<void> {
    if (rows.length === 0) return;
    const columns = cleared(this.#historyColumns);
    for (const row of rows) {
      const values = summaryValues(row.summary);
      values.push(row.position, row.eventId, row.type, JSON.stringify(row.data), row.commandId);
      values.push(row.correlationId, row.causationId, row.actorType, row.actorId);
      values.push(row.occurredAt, row.recordedAt, row.occurredUntil, row.recordedUntil);
      columns.forEach((column, index) => column.push(values[index]));
    }
    await this.#run(this.#statements.insertHistory, columns);
  }

  async #endPeriods(ends: readonly PeriodEnd[]): Promise<void> {
    if (ends.length === 0) return;
    const types = ['text', 'uuid', 'int4', 'timestamptz', 'timestamptz'] as const;
    const columns = types.map((type) => new BinaryArray(type));
    for (const { tenantId, orderId, revision, occurredUntil, recordedUntil } of ends) {
      const values = [tenantId, orderId, revision, occurredUntil, recordedUntil];
      columns.forEach((column, index) => column.push(values[index]));
    }
    await this.#run(this.#statements.endPeriods, columns);
  }

  async #writeSearch(rows: readonly SearchRow[]): Promise<void> {
    if (rows.length === 0) return;
    const types = ['text', 'uuid', 'int4', 'text', 'text', 'json'] as const;
    const columns = types.map((type) => new BinaryArray(type));
    for (const { tenantId, orderId, revision, words, skus, personal } of rows) {
      const found = JSON.stringify(personal);
      const values = [tenantId, orderId, revision, words.join(' '), arrayLiteral(skus), found];
      columns.forEach((column, index) => column.push(values[index]));
    }
    await this.#run(this.#statements.upsertSearch, columns);
  }

  async #run(statement: Statement, columns: readonly BinaryArray[]): Promise<number> {
    const { rowCount } = await this.#db.query({
      ...statement,
      values: columns.map((column) => column.toBuffer()),
    });
    return rowCount ?? 0;
  }

  async #rows<Row extends object>(statement: Statement, columns: readonly BinaryArray[]): Promise<Row[]> {
    const { rows } = await this.#db.query<Row>({
      ...statement,
      values: columns.map((column) => column.toBuffer()),
    });
    return rows;
  }
}

function cleared(columns: readonly BinaryArray[]): readonly BinaryArray[] {
  for (const column of columns) column.clear();
  return columns;
}
