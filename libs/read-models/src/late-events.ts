import type { Generation } from './generations/generation.js';
import type { Queryable } from './queryable.js';
import { ORDERS_PROJECTION } from './orders.projection.js';
import { SHARED_SCHEMA } from './schema.js';

// Numbers are drawn under a lock that is held until the commit, so none becomes visible before a smaller one. None is
// below the time, so that numbers keep growing where the database was made anew, or an older copy of it was restored.
const LATE_EVENTS_LOCK = 0x6f726c65;
const SEQUENCE = `${SHARED_SCHEMA}.late_events_seq`;
const NOW = '(extract(epoch FROM statement_timestamp()) * 1000000)::bigint';

export const lockLateEvents = `pg_advisory_xact_lock(${LATE_EVENTS_LOCK})`;

/**
 * SQL that notes events which become visible behind positions that readers of the feed may have passed. The lock
 * has to be taken before, or by `from`.
 *
 * @param from a FROM clause with the events as `e`, which has the columns of their key
 */
export function noteLateEvents(from: string): string {
  return `INSERT INTO ${SHARED_SCHEMA}.late_events (tenant_id, order_id, revision, seq)
    SELECT tenant_id, order_id, revision, setval('${SEQUENCE}', greatest(nextval('${SEQUENCE}'), ${NOW}))
    FROM (SELECT e.tenant_id, e.order_id, e.revision FROM ${from} ORDER BY 1, 2, 3) e`;
}

/**
 * Notes the events that a flip makes visible: the active generation has parked them, and the other one has applied
 * them. To be called in the transaction of the flip, while the checkpoint of the active rows is held.
 */
export async function noteShownByFlip(
  db: Queryable,
  activeRowsOf: number,
  { schema }: Generation,
): Promise<void> {
  // A statement of its own, so that the next one sees what others have committed under the lock.
  await db.query(`SELECT ${lockLateEvents}`);
  await db.query(
    noteLateEvents(`${SHARED_SCHEMA}.quarantine e JOIN ${schema}.order_history h USING (tenant_id, order_id, revision)
      WHERE e.projection = $1 AND e.generation = $2`),
    [ORDERS_PROJECTION, activeRowsOf],
  );
}
