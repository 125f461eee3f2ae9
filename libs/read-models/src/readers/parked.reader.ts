import { ORDERS_PROJECTION, SEARCH_PROJECTION } from '../orders.projection.js';
import { SHARED_SCHEMA } from '../schema.js';
import { isNotThereYet } from '../stores/rows-or-none.js';
import type { SummarySource } from './as-of.js';
import type { Audience } from './order-filter.js';
import type { ReadGeneration, ReadModels } from './read-models.js';
import { allOf } from './sql.js';

/** Where an order's row or document ends for now: before the first event that could not be applied. */
export interface ParkedAt {
  /** Revision of the first event that is missing in what is shown. */
  readonly revision: number;
  /** For staff only: it may reveal how the system works. */
  readonly reason: string;
}

/**
 * Where an order is parked in a projection of the active generation. null: nothing of it is parked, or its row is
 * another customer's and the audience may not know.
 */
export async function readParked(
  models: ReadModels,
  { tenantId, customerId }: Audience,
  orderId: string,
  projection = ORDERS_PROJECTION,
): Promise<ParkedAt | null> {
  return models.read(async (generation, pool) => {
    const parked = parkedAt(generation, '$1', '$2', projection);
    const values = [tenantId, orderId];
    const { rows } =
      customerId === null
        ? await pool.query<ParkedAt>(parked, values)
        : await pool.query<ParkedAt>(`SELECT p.* FROM (${parked}) p WHERE ${notOfOthers(generation)}`, [
            ...values,
            customerId,
          ]);
    return rows[0] ?? null;
  });
}

/**
 * SQL that holds unless the order has a row of another customer. An order without a row passes: nobody knows yet
 * whose it is.
 */
function notOfOthers({ schema }: ReadGeneration): string {
  return `NOT EXISTS (SELECT FROM ${schema}.orders o
    WHERE o.tenant_id = $1 AND o.order_id = $2 AND o.customer_id IS DISTINCT FROM $3)`;
}

/**
 * SQL for the ids of parked orders. It is part of statements that read rows, so that both are of the same moment.
 * Nearly always nothing is parked, which one look into an index tells for the whole statement.
 *
 * @param tenant its placeholder or column
 */
export function parkedOrderIds(generation: Parked, tenant: string): string {
  return `SELECT q.order_id FROM ${parkedOf(generation, tenant, ORDERS_PROJECTION)}`;
}

/** SQL for revision and reason of an order's first parked event, to be used as `parkedOrderIds` is. */
export function parkedAt(
  generation: Parked,
  tenant: string,
  orderId: string,
  projection = ORDERS_PROJECTION,
): string {
  return `SELECT q.revision, q.reason FROM ${parkedOf(generation, tenant, projection)}
    AND q.order_id = ${orderId} ORDER BY q.revision LIMIT 1`;
}

type Parked = Pick<ReadGeneration, 'id' | 'rowsOf'>;

function parkedOf({ id, rowsOf }: Parked, tenant: string, projection: string): string {
  const generation = projection === ORDERS_PROJECTION ? rowsOf : id;
  return `${SHARED_SCHEMA}.quarantine q
    WHERE q.projection = '${projection}' AND q.generation = ${generation} AND q.tenant_id = ${tenant}`;
}

/** SQL for whether any order of a source is parked, to be used as `parkedOrderIds` is. */
export function anyParked(
  generation: ReadGeneration,
  tenant: string,
  { from, conditions, fixedAlias }: SummarySource,
): string {
  return `EXISTS (SELECT FROM ${from} WHERE ${allOf(conditions)}
    AND ${fixedAlias}.order_id = ANY(ARRAY(${parkedOrderIds(generation, tenant)})))`;
}

/** What a page is made of: rows, or the documents of a search. */
export type ShownBy = 'rows' | 'search';

const FEW = 100;

/** An order that is shown, or may be shown, without its latest changes. */
export interface StaleOrder {
  readonly orderId: string;
  /**
   * null: the order is parked. Else its row was written behind the checkpoint, by the write of this number: an
   * index may lack that write whatever position it has reached.
   */
  readonly lateWrite: bigint | null;
}

/**
 * Those of these orders that are parked, in their rows or, for a search, in their documents. For a search of an
 * index also those that were written late, and the order of the tenant that was written late last.
 */
export async function readStaleAmong(
  models: ReadModels,
  tenantId: string,
  orderIds: readonly string[],
  shownBy: ShownBy,
): Promise<StaleOrder[]> {
  return readStale(models, tenantId, shownBy, orderIds, null);
}

/** All stale orders of a tenant, to be read at the same time as a page; null: they are many. */
export async function readFewStale(
  models: ReadModels,
  tenantId: string,
  shownBy: ShownBy,
): Promise<StaleOrder[] | null> {
  const found = await readStale(models, tenantId, shownBy, null, FEW + 1);
  return found.length > FEW ? null : found;
}

function readStale(
  models: ReadModels,
  tenantId: string,
  shownBy: ShownBy,
  among: readonly string[] | null,
  limit: number | null,
): Promise<StaleOrder[]> {
  return models.read(async ({ id, rowsOf, searchIndex }, pool) => {
    // Documents are made of rows: a document lacks what its row lacks.
    const searched = shownBy === 'search' ? id : null;
    const ask = async (late: boolean) => {
      const { rows } = await pool.query<{ orderId: string; lateWrite: string | null }>({
        name: `${late ? 'stale' : 'parked'}_${among === null ? 'few' : 'among'}`,
        text: `SELECT DISTINCT order_id AS "orderId", NULL::bigint AS "lateWrite" FROM ${SHARED_SCHEMA}.quarantine
          WHERE (projection, generation) IN (($1, $2::int), ($3, $4::int))
            AND tenant_id = $5 ${among === null ? '' : 'AND order_id = ANY($6::uuid[])'}
          ${late ? lateRows(among) : ''} ${among === null ? 'LIMIT $6::int' : ''}`,
        values: [ORDERS_PROJECTION, rowsOf, SEARCH_PROJECTION, searched, tenantId, among ?? limit],
      });
      return rows.map(({ orderId, lateWrite }) => {
        return { orderId, lateWrite: lateWrite === null ? null : BigInt(lateWrite) };
      });
    };
    try {
      return await ask(shownBy === 'search' && searchIndex !== null);
    } catch (error) {
      if (!isNotThereYet(error)) throw error;
      return ask(false); // no projector of this release has started yet
    }
  });
}

function lateRows(among: readonly string[] | null): string {
  const late = `SELECT order_id, write_seq FROM ${SHARED_SCHEMA}.late_rows
    WHERE generation = $2::int AND tenant_id = $5`;
  if (among === null) return `UNION ALL ${late}`;
  return `UNION ALL ${late} AND order_id = ANY($6::uuid[]) UNION ALL (${late} ORDER BY write_seq DESC LIMIT 1)`;
}
