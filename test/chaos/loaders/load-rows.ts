import type pg from 'pg';
import type { ColumnValues, EventKey, ParkedFact, RowFacts } from '../checker/facts.js';
import { keyOfRow } from '../checker/story.js';

/** The generation that queries are answered from, as the table `active_generation` names it. */
export interface ActiveGeneration {
  readonly id: number;
  /** The generation whose projection `orders` writes its rows: itself, unless only its index was replayed. */
  readonly rowsId: number;
  readonly schema: string;
  readonly index: string | null;
}

type Db = Pick<pg.ClientBase, 'query'>;

/** Returns null when no projector has made a generation yet. */
export async function activeGeneration(db: Db): Promise<ActiveGeneration | null> {
  const [there] = await rowsOf(db, `SELECT to_regclass('orderlog.active_generation') IS NOT NULL AS there`);
  if (there!['there'] !== true) return null;
  const [row] = await rowsOf(
    db,
    `SELECT g.id, coalesce(g.rows_of, g.id) AS "rowsId", g.schema_name AS schema, g.search_index AS index
     FROM orderlog.active_generation a JOIN orderlog.generations g ON g.id = a.generation`,
  );
  return (row as unknown as ActiveGeneration) ?? null;
}

/** Every row of the generation, in one snapshot. */
export async function loadRows(db: Db, { schema, index }: ActiveGeneration): Promise<RowFacts> {
  return inSnapshot(db, async () => {
    const orders = await rowsOf(db, `SELECT * FROM ${schema}.orders`);
    const history = await rowsOf(db, `SELECT * FROM ${schema}.order_history`);
    if (index !== null) return { orders, history, search: null, words: null };
    const search = await rowsOf(
      db,
      `SELECT tenant_id, order_id, revision, tsvector_to_array(words) AS words, skus, personal,
         string_to_array(btrim(phrases), ' | ') AS phrases FROM ${schema}.order_search`,
    );
    const words = new Map<string, Set<string>>();
    for (const { tenant_id, word } of await rowsOf(
      db,
      `SELECT tenant_id, word FROM ${schema}.search_words`,
    )) {
      const ofTenant = words.get(String(tenant_id)) ?? new Set();
      words.set(String(tenant_id), ofTenant.add(String(word)));
    }
    return { orders, history, search, words };
  });
}

/**
 * SQL condition for a table with the columns `projection` and `generation`: the rows of an active generation.
 * `idsOf` gives its parameters.
 */
export const OF_GENERATION = `((projection = 'orders' AND generation = $1) OR (projection <> 'orders' AND generation = $2))`;

export function idsOf({ rowsId, id }: ActiveGeneration): [rowsId: number, id: number] {
  return [rowsId, id];
}

/** Events parked in the generation, and by the relay, which belongs to no generation. */
export async function loadParked(db: Db, generation: ActiveGeneration): Promise<readonly ParkedFact[]> {
  const rows = await rowsOf(
    db,
    `SELECT projection, tenant_id AS "tenantId", order_id AS "orderId", revision FROM orderlog.quarantine
     WHERE generation = 0 OR ${OF_GENERATION}`,
    idsOf(generation),
  );
  return rows as unknown as ParkedFact[];
}

/** Orders whose rows were written behind the index's checkpoint and are not in the index yet. */
export async function loadLate(db: Db, { id }: ActiveGeneration): Promise<ReadonlySet<string>> {
  const rows = await rowsOf(
    db,
    `SELECT l.tenant_id, l.order_id FROM orderlog.generations g
     JOIN orderlog.late_rows l ON l.generation = coalesce(g.rows_of, g.id)
     LEFT JOIN orderlog.checkpoints c ON c.generation = g.id AND c.projection = 'search'
     WHERE g.id = $1 AND l.write_seq > coalesce(c.write_seq, 0)`,
    [id],
  );
  return new Set(rows.map(keyOfRow));
}

/** Events that a person had a projection skip. */
export async function loadSkips(db: Db, projection: 'orders' | 'relay'): Promise<readonly EventKey[]> {
  const rows = await rowsOf(
    db,
    `SELECT tenant_id AS "tenantId", order_id AS "orderId", revision FROM orderlog.skips
     WHERE split_part(projection, ':', 1) = $1`,
    [projection],
  );
  return rows as unknown as EventKey[];
}

export async function inSnapshot<T>(db: Db, read: () => Promise<T>): Promise<T> {
  await db.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const result = await read();
  await db.query('COMMIT');
  return result;
}

export async function rowsOf(db: Db, sql: string, values: unknown[] = []): Promise<readonly ColumnValues[]> {
  return (await db.query<Record<string, unknown>>(sql, values)).rows;
}
