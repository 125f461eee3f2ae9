import type { Generation } from './generation.js';
import type { Queryable } from '../queryable.js';
import { ORDERS_PROJECTION } from '../orders.projection.js';
import { SHARED_SCHEMA } from '../schema.js';
import type { OrderKey } from '../order-key.js';
import type { Action } from '../stores/quarantine-actions.store.js';
import type { ParkedKind } from '../stores/quarantine.store.js';

interface ParkedThere extends OrderKey {
  /** Of the first event that is parked. */
  readonly revision: number;
  readonly kind: ParkedKind;
  readonly reason: string;
}

/**
 * A flip would make queries show an older state of some orders: the generation has parked what the active one
 * applied.
 */
export class OrdersShownOlder extends Error {
  /** The outcome of trying again in the generation; null: nobody asked for it. */
  tried: Pick<Action, 'takenAt' | 'outcome'> | null = null;
  readonly #kinds: readonly ParkedKind[];

  constructor({ id }: Generation, orders: readonly ParkedThere[]) {
    const { tenantId, orderId, revision, reason } = orders[0]!;
    const which = orders.length === 1 ? 'order' : `${orders.length} orders, such as`;
    super(
      `generation ${id} would show an older state of ${which} ${tenantId}.${orderId}: event ${revision} is parked there (${reason})`,
    );
    this.#kinds = orders.map(({ kind }) => kind);
  }

  /** Whether it was tried again, and an order is still parked that is not tried by itself. */
  get isForGood(): boolean {
    return this.tried !== null && this.tried.takenAt !== null && this.#kinds.includes('permanent');
  }
}

/**
 * Compares what is parked of the events up to a position, which both generations have read. An order of which the
 * active generation has parked the same event, or an earlier one, is not shown older.
 *
 * @throws OrdersShownOlder
 */
export async function requireNoneShownOlder(
  db: Queryable,
  activeRowsOf: number,
  generation: Generation,
  upTo: bigint,
): Promise<void> {
  const sameOrder = (a: string, b: string) =>
    `${a}.projection = ${b}.projection AND ${a}.tenant_id = ${b}.tenant_id AND ${a}.order_id = ${b}.order_id`;
  const { rows } = await db.query<ParkedThere>(
    `SELECT DISTINCT ON (q.tenant_id, q.order_id)
       q.tenant_id AS "tenantId", q.order_id AS "orderId", q.revision, q.kind, q.reason
     FROM ${SHARED_SCHEMA}.quarantine q WHERE q.projection = $1 AND q.generation = $2 AND EXISTS (
       SELECT FROM ${SHARED_SCHEMA}.quarantine lacking
       WHERE ${sameOrder('lacking', 'q')} AND lacking.generation = $2 AND lacking.position <= $4
         AND NOT EXISTS (SELECT FROM ${SHARED_SCHEMA}.quarantine too
           WHERE ${sameOrder('too', 'lacking')} AND too.generation = $3 AND too.revision <= lacking.revision))
     ORDER BY q.tenant_id, q.order_id, q.revision`,
    [ORDERS_PROJECTION, generation.rowsOf, activeRowsOf, upTo.toString()],
  );
  if (rows.length > 0) throw new OrdersShownOlder(generation, rows);
}
