import type { Queryable } from '../queryable.js';
import { ORDERS_PROJECTION, SEARCH_PROJECTION } from '../orders.projection.js';
import type { ProjectionKey } from '../projection-key.js';
import { QUARANTINE_CHANNEL, SHARED_SCHEMA } from '../schema.js';
import { rowsOrNone } from './rows-or-none.js';
import { storableText } from './quarantine.store.js';

/** What a person asks the owner of a projection to do with parked events or documents. */
export interface ActionRequest extends ProjectionKey {
  readonly action: 'retry' | 'retry_all' | 'skip';
  /** null: of all orders. */
  readonly tenantId: string | null;
  readonly orderId: string | null;
  /** Of the event that is skipped. */
  readonly revision: number | null;
  readonly reason: string | null;
  readonly who: string;
}

export interface Action extends ActionRequest {
  /** Decimal. */
  readonly id: string;
  readonly askedAt: Date;
  /** When the owner saw it; null: not yet. */
  readonly takenAt: Date | null;
  readonly doneAt: Date | null;
  readonly succeeded: boolean | null;
  /** In words, for people. */
  readonly outcome: string | null;
}

const COLUMNS = `id, projection, generation, action, tenant_id AS "tenantId", order_id AS "orderId", revision, reason,
  who, asked_at AS "askedAt", taken_at AS "takenAt", done_at AS "doneAt", succeeded, outcome`;
const TABLE = `${SHARED_SCHEMA}.quarantine_actions`;

/** Stores the request and notifies the owner. @returns the action's id */
export async function askForAction(db: Queryable, request: ActionRequest): Promise<string> {
  const { projection, generation, action, tenantId, orderId, revision, reason, who } = request;
  const { rows } = await db.query<{ id: string }>(
    `WITH asked AS (
       INSERT INTO ${TABLE} (projection, generation, action, tenant_id, order_id, revision, reason, who)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id
     ) SELECT id, pg_notify('${QUARANTINE_CHANNEL}', id::text) FROM asked`,
    [projection, generation, action, tenantId, orderId, revision, reason, who],
  );
  return rows[0]!.id;
}

/**
 * Takes the oldest action that is not done, also one that an earlier owner took and did not finish.
 * @param generation the one whose rows the owner writes; actions of generations that share these rows are taken
 * too
 */
export async function takeAction(
  db: Queryable,
  generation: number,
  projections: readonly string[],
): Promise<Action | null> {
  const { rows } = await db.query<Action>(
    `UPDATE ${TABLE} SET taken_at = coalesce(taken_at, now()) WHERE id = (
       SELECT id FROM ${TABLE} WHERE done_at IS NULL AND projection = ANY($2) AND (generation = $1 OR generation IN (
         SELECT g.id FROM ${SHARED_SCHEMA}.generations g WHERE g.rows_of = $1))
       ORDER BY id LIMIT 1
     ) AND done_at IS NULL RETURNING ${COLUMNS}`,
    [generation, projections],
  );
  return rows[0] ?? null;
}

/**
 * The lease of the owner that takes such an action. The owner of the rows also takes actions on the documents made
 * from them.
 */
export async function takersLease(
  db: Queryable,
  { projection, generation }: ProjectionKey,
): Promise<ProjectionKey> {
  const { rows } = await db.query<{ rowsOf: number }>(
    `SELECT rows_of AS "rowsOf" FROM ${SHARED_SCHEMA}.generations WHERE id = $1 AND rows_of IS NOT NULL`,
    [generation],
  );
  return {
    generation: rows[0]?.rowsOf ?? generation,
    projection: projection === SEARCH_PROJECTION ? ORDERS_PROJECTION : projection,
  };
}

export async function finishAction(
  db: Queryable,
  { id }: Pick<Action, 'id'>,
  { succeeded, outcome }: { readonly succeeded: boolean; readonly outcome: string },
): Promise<void> {
  await db.query(
    `WITH done AS (
       UPDATE ${TABLE} SET done_at = now(), succeeded = $2, outcome = $3 WHERE id = $1 RETURNING id
     ) SELECT pg_notify('${QUARANTINE_CHANNEL}', id::text) FROM done`,
    [id, succeeded, storableText(outcome)],
  );
}

/** Ends an action that no owner has taken, so that none takes it later. @returns false: an owner has taken it */
export async function withdrawAction(db: Queryable, id: string, outcome: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE ${TABLE} SET done_at = now(), succeeded = false, outcome = $2 WHERE id = $1 AND taken_at IS NULL`,
    [id, outcome],
  );
  return (rowCount ?? 0) > 0;
}

export async function actionById(db: Queryable, id: string): Promise<Action> {
  const { rows } = await db.query<Action>(`SELECT ${COLUMNS} FROM ${TABLE} WHERE id = $1`, [id]);
  return rows[0]!;
}

/** All actions on an order, the oldest first. */
export function actionsOfOrder(db: Queryable, orderId: string): Promise<Action[]> {
  return rowsOrNone(db, `SELECT ${COLUMNS} FROM ${TABLE} WHERE order_id = $1 ORDER BY id`, [orderId]);
}
