import type { Generation } from '../generations/generation.js';
import type { Queryable } from '../queryable.js';

/** How much a generation holds. */
export interface TableSizes {
  readonly orders: number;
  readonly events: number;
  /** Of the tables and their indexes. */
  readonly bytes: number;
}

export async function tableSizes(db: Queryable, { schema }: Generation): Promise<TableSizes> {
  const { rows } = await db.query<Record<keyof TableSizes, string>>(
    `SELECT (SELECT count(*) FROM ${schema}.orders) AS orders,
       (SELECT count(*) FROM ${schema}.order_history) AS events,
       (SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class
        WHERE relnamespace = $1::regnamespace AND relkind = 'r') AS bytes`,
    [schema],
  );
  const { orders, events, bytes } = rows[0]!;
  return { orders: Number(orders), events: Number(events), bytes: Number(bytes) };
}

/** Bytes of the tables and their indexes, by schema, of all generations. */
export async function bytesBySchema(db: Queryable): Promise<ReadonlyMap<string, number>> {
  const { rows } = await db.query<{ schema: string; bytes: string }>(
    `SELECT n.nspname AS schema, sum(pg_total_relation_size(c.oid)) AS bytes
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname LIKE 'gen\\_%' AND c.relkind = 'r' GROUP BY 1`,
  );
  return new Map(rows.map(({ schema, bytes }) => [schema, Number(bytes)]));
}

/** How many events the rows have after one position, up to another. */
export async function countEvents(
  db: Queryable,
  { schema }: Generation,
  after: bigint,
  upTo: bigint,
): Promise<number> {
  const { rows } = await db.query<{ events: string }>(
    `SELECT count(*) AS events FROM ${schema}.order_history WHERE position > $1 AND position <= $2`,
    [after, upTo],
  );
  return Number(rows[0]!.events);
}
