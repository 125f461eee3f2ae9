import type { Erased } from '#domain/decider.js';
import type { Instant } from '#domain/instant.js';
import type { Order, OrderPersonal } from '#domain/order/state.js';
import type { Generation, Queryable } from '../generations.js';
import { documentOf, orderOf, type OrderDocument } from '../order-document.js';
import { summaryOf } from '../order-summary.js';
import type { HistoryRow } from '../orders.projection.js';
import type { SearchRow } from '../search-row.js';
import { BatchParameters } from './batch-parameters.js';
import { foundByOf, personalWordsOf } from '../search/search-document.js';
import type { SearchEngine } from '../search/search-engine.js';
import { BinaryArray, arrayLiteral } from './binary-array.js';
import { fenced } from './fence.js';
import { KnownWords } from './known-words.js';
import {
  FOREIGN_WRITE,
  checkpointStatement,
  loadStatement,
  summaryValues,
  writeStatement,
  type Statement,
} from './statements.js';

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
  /** All events up to here are in this batch or in earlier ones. */
  readonly checkpoint: bigint;
}

/** A row is further than what was to be written: another wrote it, or it was not loaded before. */
export class ForeignWrite extends Error {}

/**
 * Writes the projection `orders` into one generation, as the owner whose lease has the token: when another
 * has taken over, every write fails as a whole.
 */
export class OrdersStore {
  readonly #db: Queryable;
  readonly #generation: Generation;
  readonly #token: string;
  readonly #load: Statement;
  readonly #write: Statement;
  readonly #parameters: BatchParameters;
  readonly #words = new KnownWords();
  readonly #engine: SearchEngine;

  constructor(db: Queryable, generation: Generation, token: bigint) {
    this.#db = db;
    this.#generation = generation;
    this.#token = token.toString();
    this.#load = loadStatement(generation.schema);
    this.#engine = generation.searchIndex === null ? 'postgres' : 'elasticsearch';
    this.#write = writeStatement(generation.schema, this.#engine);
    this.#parameters = new BatchParameters(this.#engine);
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
    const { rows } = await this.#db.query<{ document: OrderDocument; personal: OrderPersonal | Erased }>({
      ...this.#load,
      values: [tenants.toBuffer(), orders.toBuffer()],
    });
    return rows.map(({ document, personal }) => orderOf(document, personal));
  }

  /**
   * All of it and its checkpoint, or nothing; one write at a time.
   * @throws ForeignWrite when a row is not behind what the batch says
   * @throws LeaseLost
   */
  async write(batch: OrdersBatch): Promise<void> {
    const newWords = this.#engine === 'postgres' ? this.#words.unknown(batch.searched) : [];
    this.#parameters.clear();
    this.#pushRows(batch);
    if (this.#engine === 'postgres') this.#pushSearched(batch.searched);
    else this.#pushIndexed(batch.searched);
    for (const word of newWords) this.#parameters.push('words', word);
    const { id } = this.#generation;
    const about = [id, batch.checkpoint.toString(), batch.orders.length, this.#token];
    const values = [...about, ...this.#parameters.buffers()];
    try {
      await fenced(this.#db.query({ ...this.#write, values }));
    } catch (error) {
      if (error instanceof Error && error.message === FOREIGN_WRITE) throw new ForeignWrite(FOREIGN_WRITE);
      throw error;
    }
    this.#words.add(newWords);
  }

  /** Everything up to the position was seen. A checkpoint never goes back. @throws LeaseLost */
  async writeCheckpoint(position: bigint): Promise<void> {
    const values = [this.#generation.id, position.toString(), this.#token];
    await fenced(this.#db.query({ ...checkpointStatement, values }));
  }

  #pushRows({ orders, history, periodEnds }: OrdersBatch): void {
    for (const order of orders) {
      const values = summaryValues(summaryOf(order));
      values.push(JSON.stringify(documentOf(order)), JSON.stringify(order.personal));
      this.#parameters.push('orders', values);
    }
    for (const row of history) {
      const values = summaryValues(row.summary);
      values.push(row.position, row.eventId, row.type, JSON.stringify(row.data), row.commandId);
      values.push(row.correlationId, row.causationId, row.actorType, row.actorId);
      values.push(row.occurredAt, row.recordedAt, row.occurredUntil, row.recordedUntil);
      this.#parameters.push('history', values);
    }
    for (const { tenantId, orderId, revision, occurredUntil, recordedUntil } of periodEnds) {
      this.#parameters.push('periodEnds', [tenantId, orderId, revision, occurredUntil, recordedUntil]);
    }
  }

  #pushSearched(rows: readonly SearchRow[]): void {
    for (const { tenantId, orderId, revision, vocabulary, ownWords, skus, phrases, personal } of rows) {
      // A blank on either side of every word, and something between two texts that is no word.
      const found = [
        [...vocabulary, ...ownWords].join(' '),
        arrayLiteral(skus),
        ` ${phrases.join(' | ')} `,
        JSON.stringify(personal),
      ];
      this.#parameters.push('search', [tenantId, orderId, revision, ...found]);
    }
  }

  #pushIndexed(rows: readonly SearchRow[]): void {
    for (const row of rows) {
      const found = [JSON.stringify(foundByOf(row)), JSON.stringify(personalWordsOf(row))];
      this.#parameters.push('indexed', [row.tenantId, row.orderId, row.revision, ...found]);
    }
  }
}
