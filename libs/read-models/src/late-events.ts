import type { Generation, Queryable } from './generations.js';
import { ORDERS_PROJECTION } from './orders.projection.js';
import { SHARED_SCHEMA } from './schema.js';

// Numbers are drawn under a lock that is held until the commit: none becomes visible before a smaller one, whoever
// writes. The first one is the time, so that numbers go on where the database was made anew.
const LATE_EVENTS_LOCK = 0x6f726c65;

export const lockLateEvents = `pg_advisory_xact_lock(${LATE_EVENTS_LOCK})`;

/**
 * Notes events that become visible behind positions which readers of the feed may have passed. The lock has to be held
 * by `from`, or before.
 *
 * @param from of events, with the columns of their key
 */
export function noteLateEvents(from: string): string {
  return `INSERT INTO ${SHARED_SCHEMA}.late_events (tenant_id, order_id, revision, seq)
    SELECT tenant_id, order_id, revision, nextval('${SHARED_SCHEMA}.late_events_seq')
    FROM (SELECT e.tenant_id, e.order_id, e.revision FROM ${from} ORDER BY 1, 2, 3) e`;
}

/**
 * A flip shows what the active generation has parked and the other one has applied. In the transaction of the flip,
 * while nothing is written to the rows that were active.
 */
export async function noteShownByFlip(
  db: Queryable,
  activeRowsOf: number,
  { schema }: Generation,
): Promise<void> {
  // By itself, so that what others have committed under it before is seen.
  await db.query(`SELECT ${lockLateEvents}`);
  await db.query(
    noteLateEvents(`${SHARED_SCHEMA}.quarantine e JOIN ${schema}.order_history h USING (tenant_id, order_id, revision)
      WHERE e.projection = $1 AND e.generation = $2`),
    [ORDERS_PROJECTION, activeRowsOf],
  );
}
