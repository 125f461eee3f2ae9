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
    `WITH parked AS (
       SELECT DISTINCT ON (projection, generation, tenant_id, order_id)
         projection, generation, tenant_id, order_id, revision, reason, parked_at,
         count(*) OVER (PARTITION BY projection, generation)::int AS events
       FROM ${SHARED_SCHEMA}.quarantine ORDER BY projection, generation, tenant_id, order_id, revision
     ), ranked AS (
       SELECT *, count(*) OVER (PARTITION BY projection, generation)::int AS orders,
         row_number() OVER (PARTITION BY projection, generation ORDER BY parked_at, order_id) AS rank
       FROM parked
     )
     SELECT * FROM ranked WHERE rank <= $1 ORDER BY projection, generation, rank`,
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
