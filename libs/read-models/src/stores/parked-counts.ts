import type { Queryable } from '../queryable.js';
import { SHARED_SCHEMA } from '../schema.js';

/** How much is parked in one projection of one generation; generation 0: of no generation. */
export interface ParkedCount {
  readonly projection: string;
  readonly generation: number;
  readonly orders: number;
  readonly events: number;
  /** The few orders that have been parked longest, the oldest first. */
  readonly oldest: readonly LongestParked[];
}

export interface LongestParked {
  readonly tenantId: string;
  readonly orderId: string;
  /** Of the first event that could not be applied. */
  readonly revision: number;
  readonly reason: string;
  readonly parkedAt: Date;
}

interface ParkedRow {
  readonly projection: string;
  readonly generation: number;
  readonly orders: number;
  readonly events: number;
  readonly tenant_id: string;
  readonly order_id: string;
  readonly revision: number;
  readonly reason: string;
  readonly parked_at: Date;
}

/** @param oldestMax how many `oldest` to give for each projection of each generation */
export async function parkedCounts(db: Queryable, oldestMax: number): Promise<ParkedCount[]> {
  const { rows } = await db.query<ParkedRow>(
    // Counted by order first: a release that cannot read an event may park hundreds of thousands.
    `WITH parked AS MATERIALIZED (
       SELECT projection, generation, tenant_id, order_id, min(revision) AS revision, min(parked_at) AS parked_at,
         count(*) AS events
       FROM ${SHARED_SCHEMA}.quarantine GROUP BY projection, generation, tenant_id, order_id
     ), counted AS (
       SELECT projection, generation, count(*)::int AS orders, sum(events)::int AS events
       FROM parked GROUP BY projection, generation
     )
     SELECT projection, generation, counted.orders, counted.events, tenant_id, order_id, revision, oldest.parked_at,
       first.reason
     FROM counted CROSS JOIN LATERAL (
       SELECT tenant_id, order_id, revision, parked_at FROM parked
       WHERE parked.projection = counted.projection AND parked.generation = counted.generation
       ORDER BY parked_at, order_id LIMIT $1
     ) oldest JOIN ${SHARED_SCHEMA}.quarantine first USING (projection, generation, tenant_id, order_id, revision)
     ORDER BY projection, generation, oldest.parked_at, order_id`,
    [oldestMax],
  );
  const found = new Map<string, ParkedCount & { oldest: LongestParked[] }>();
  for (const { projection, generation, orders, events, ...row } of rows) {
    const key = `${generation}:${projection}`;
    const known = found.get(key) ?? { projection, generation, orders, events, oldest: [] };
    found.set(key, known);
    known.oldest.push({
      tenantId: row.tenant_id,
      orderId: row.order_id,
      revision: row.revision,
      reason: row.reason,
      parkedAt: row.parked_at,
    });
  }
  return [...found.values()];
}
