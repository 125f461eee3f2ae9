import type { Erased } from '#domain/decider.js';
import type { Order, OrderPersonal } from '#domain/order/state.js';
import { pushEventValues } from '../event-columns.js';
import type { Generation } from '../generations/generation.js';
import type { Queryable } from '../queryable.js';
import { keyArrays, type OrderKey } from '../order-key.js';
import { orderOf, type OrderDocument } from '../order-document.js';
import { ORDERS_PROJECTION } from '../orders.projection.js';
import { SHARED_SCHEMA } from '../schema.js';
import type { SearchRow } from '../search-row.js';
import { BatchParameters } from './batch-parameters.js';
import type { SearchEngine } from '../search/search-engine.js';
import { BinaryArray } from './binary-array.js';
import { fenced, heldLease, requireLease } from './fence.js';
import { KnownWords, type Word } from './known-words.js';
import { orderValues, parkedValues, type OrderRows, type WrittenWith } from './order-rows.js';
import { indexedValues, searchedValues } from './search-values.js';
import {
  FOREIGN_WRITE,
  announceStatement,
  checkpointStatement,
  fenceStatement,
  loadStatement,
  removeOrderStatements,
  summaryValues,
  writeStatement,
  type Statement,
} from './statements.js';

/** A stored row is not older than the row to be written: another process wrote it, or it was not loaded before. */
export class ForeignWrite extends Error {}

/**
 * Writes the projection `orders` into one generation, for the owner whose lease has the token. Once another owner
 * has taken over, every write fails as a whole.
 */
export class OrdersStore {
  readonly #db: Queryable;
  readonly #generation: Generation;
  readonly #token: string;
  readonly #load: Statement;
  readonly #write: Statement;
  readonly #writeAndPark: Statement;
  readonly #parameters: BatchParameters;
  readonly #words = new KnownWords();
  readonly #engine: SearchEngine;
  #rows = 0;
  /** The last checkpoint that this store has written; null: none yet, though an earlier owner may have. */
  #checkpoint: bigint | null = null;
  /** Whether the current write may have a history row that is not after the stored checkpoint. */
  #isLate = false;
  readonly #searched: SearchRow[] = [];

  constructor(db: Queryable, generation: Generation, token: bigint) {
    this.#db = db;
    this.#generation = generation;
    this.#token = token.toString();
    this.#load = loadStatement(generation.schema);
    this.#engine = generation.searchIndex === null ? 'postgres' : 'elasticsearch';
    this.#write = writeStatement(generation.schema, this.#engine, { quarantine: false });
    this.#writeAndPark = writeStatement(generation.schema, this.#engine, { quarantine: true });
    this.#parameters = new BatchParameters(this.#engine);
  }

  /** Loads those of the orders that have a row, in no particular order. */
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

  /** Begins a write, one at a time. Rows that were added earlier are forgotten, whether or not they were written. */
  begin(): void {
    this.#parameters.clear();
    this.#searched.length = 0;
    this.#rows = 0;
    this.#isLate = false;
  }

  /**
   * Adds an order's rows to the write; each order may be added once.
   * @throws when PostgreSQL cannot take a value of these rows; then none of them is part of the write
   */
  add(rows: OrderRows): void {
    this.#parameters.mark();
    try {
      this.#pushRows(rows);
    } catch (error) {
      this.#parameters.rollBack();
      throw error;
    }
    this.#rows += 1;
    if (rows.searched !== null) this.#searched.push(rows.searched);
  }

  /** Checks that PostgreSQL can take the values of these rows; adds nothing. @throws as `add` */
  check(rows: OrderRows): void {
    this.#parameters.mark();
    try {
      this.#pushRows(rows);
    } finally {
      this.#parameters.rollBack();
    }
  }

  /**
   * Writes the added rows, the parked and unparked events and the checkpoint, all or none.
   * @throws ForeignWrite when a stored row is not older than the added one
   * @throws LeaseLost
   */
  async write(what: WrittenWith): Promise<void> {
    await this.#writeAll(what, { isToldOf: true });
  }

  /**
   * Has PostgreSQL take all that was added, then rolls back. The three statements are sent without a wait in
   * between: other code uses the connection too, and its statements must not become part of this transaction.
   * @throws as `write`
   */
  async tryToWrite(): Promise<void> {
    const outcomes = await Promise.allSettled([
      this.#db.query('BEGIN'),
      this.#send({ checkpoint: null }, { isToldOf: false }),
      this.#db.query('ROLLBACK'),
    ]);
    const failed = outcomes.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  async #writeAll(what: WrittenWith, { isToldOf }: { isToldOf: boolean }): Promise<void> {
    const { newWords } = await this.#send(what, { isToldOf });
    this.#checkpoint = what.checkpoint ?? this.#checkpoint;
    this.#words.add(newWords);
  }

  /**
   * @param isToldOf whether events that are written behind the checkpoint are noted as late, for readers of the
   * feed
   */
  async #send(
    { checkpoint, parked = [], unparked = [] }: WrittenWith,
    { isToldOf }: { isToldOf: boolean },
  ): Promise<{ newWords: readonly Word[] }> {
    const newWords = this.#engine === 'postgres' ? this.#words.unknown(this.#searched) : [];
    for (const word of newWords) this.#parameters.push('words', word);
    for (const event of parked) this.#parameters.push('parked', parkedValues(event));
    for (const { tenantId, orderId, below } of unparked) {
      this.#parameters.push('unparked', [tenantId, orderId, below]);
    }
    const quarantine = checkpoint === null || this.#isLate || parked.length > 0 || unparked.length > 0;
    const { id } = this.#generation;
    const position = checkpoint?.toString() ?? null;
    const values: unknown[] = [
      id,
      position,
      this.#rows,
      this.#token,
      ...this.#parameters.buffers({ quarantine }),
    ];
    if (quarantine) values.push(isToldOf);
    try {
      await fenced(this.#db.query({ ...(quarantine ? this.#writeAndPark : this.#write), values }));
      return { newWords };
    } catch (error) {
      if (error instanceof Error && error.message === FOREIGN_WRITE) throw new ForeignWrite(FOREIGN_WRITE);
      throw error;
    }
  }

  /** Stores the position as the checkpoint, which never goes back. @throws LeaseLost */
  async writeCheckpoint(position: bigint): Promise<void> {
    const values = [this.#generation.id, position.toString(), this.#token];
    await fenced(this.#db.query({ ...checkpointStatement, values }));
    this.#checkpoint = position;
  }

  /**
   * Replaces all rows of one order in one transaction, whatever their revision. When nothing was added, the order
   * has no rows afterwards.
   * @throws LeaseLost
   */
  async rewrite({ tenantId, orderId }: OrderKey, what: WrittenWith): Promise<void> {
    await this.#db.query('BEGIN');
    try {
      // Lock the lease before the order's rows: if this process hangs here, its successor cannot take the lease,
      // and ends the session that the lease names.
      await fenced(this.#db.query({ ...fenceStatement, values: [this.#generation.id, this.#token] }));
      for (const text of removeOrderStatements(this.#generation.schema)) {
        await this.#db.query(text, [tenantId, orderId]);
      }
      await this.#writeAll(what, { isToldOf: false }); // readers of the feed have seen these events before
      if (this.#rows === 0) await this.#noteGone({ tenantId, orderId });
      await this.#db.query('COMMIT');
    } catch (error) {
      await this.#db.query('ROLLBACK');
      throw error;
    }
  }

  /**
   * The removal of a row takes a write number too: the search follower reads the rows in the order of these
   * numbers.
   */
  async #noteGone({ tenantId, orderId }: OrderKey): Promise<void> {
    if (this.#engine === 'postgres') return;
    const { id, schema } = this.#generation;
    await this.#db.query(
      `INSERT INTO ${SHARED_SCHEMA}.late_rows (generation, tenant_id, order_id, write_seq)
       VALUES ($1, $2, $3, nextval('${schema}.write_seq')) ON CONFLICT (generation, tenant_id, order_id) DO UPDATE
       SET write_seq = excluded.write_seq, written_at = now()`,
      [id, tenantId, orderId],
    );
  }

  /**
   * Gives rows a new write number and changes nothing else, so that the search follower reads them again. Only for
   * a generation with an index.
   * @returns the last number that was given; null: none of the orders has a row
   * @throws LeaseLost
   */
  async touch(orders: readonly OrderKey[]): Promise<bigint | null> {
    const touching = this.#db.query<{ last: string | null }>(
      `WITH ${HELD_BY_TOUCHER}, touched AS (
         UPDATE ${this.#generation.schema}.orders o SET write_seq = nextval('${this.#generation.schema}.write_seq')
         FROM unnest($1::text[], $2::uuid[]) AS k (tenant_id, order_id)
         WHERE o.tenant_id = k.tenant_id AND o.order_id = k.order_id RETURNING write_seq
       ) SELECT max(write_seq) AS last, ${requireLease} FROM touched`,
      [...keyArrays(orders), this.#generation.id, this.#token],
    );
    const { rows } = await fenced(touching);
    return rows[0]!.last === null ? null : BigInt(rows[0]!.last);
  }

  /** Notifies the followers of the rows after a write that did not move the checkpoint. */
  async announce(): Promise<void> {
    await this.#db.query({ ...announceStatement, values: [this.#generation.id] });
  }

  #pushRows({ order, history, periodEnd, searched }: OrderRows): void {
    this.#parameters.push('orders', orderValues(order, history));
    for (const row of history) {
      this.#isLate ||= this.#checkpoint === null || row.position <= this.#checkpoint;
      const values = summaryValues(row.summary);
      pushEventValues(values, row);
      this.#parameters.push('history', values);
    }
    if (periodEnd !== null) {
      const { tenantId, orderId, revision, occurredUntil, recordedUntil } = periodEnd;
      this.#parameters.push('periodEnds', [tenantId, orderId, revision, occurredUntil, recordedUntil]);
    }
    if (searched === null) return;
    if (this.#engine === 'postgres') this.#parameters.push('search', searchedValues(searched));
    else this.#parameters.push('indexed', indexedValues(searched));
  }
}

const HELD_BY_TOUCHER = heldLease({
  generation: '$3::int',
  projection: `'${ORDERS_PROJECTION}'`,
  token: '$4::bigint',
});
