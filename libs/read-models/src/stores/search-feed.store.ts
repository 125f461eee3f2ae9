import { type Generation, type Queryable } from '../generations.js';
import { ORDERS_PROJECTION, SEARCH_PROJECTION } from '../orders.projection.js';
import { selectSummary, summaryItemOf, type SummaryRow } from '../readers/summary-item.js';
import { CHECKPOINT_CHANNEL, GENERATION_CHANNEL, SHARED_SCHEMA } from '../schema.js';
import type { IndexReached } from '../search/elasticsearch/index-definition.js';
import type { ChangedOrder, RefusedDocument } from '../search/elasticsearch/index-writer.js';
import { searchDocumentText } from '../search/search-document.js';
import { fenced, heldLease, requireLease } from './fence.js';

/** Rows that were written since, in the order of their writes. */
export interface ChangedRows {
  readonly orders: readonly ChangedOrder[];
  /** Whether these are all there were; then an index that has them is as far as `position`. */
  readonly complete: boolean;
  /** Of the projection `orders`, in the same snapshot; null: it has read nothing. */
  readonly position: bigint | null;
}

export const NOTHING_REACHED: IndexReached = { position: -1n, writeSeq: 0n };

interface ChangedRow extends SummaryRow {
  readonly position: string | null;
  readonly seen: number;
  readonly tenant_id: string;
  readonly order_id: string;
  readonly revision: number;
  readonly write_seq: string | null;
  /** JSON, as `personal`; null: the order has no search row. */
  readonly found_by: string | null;
  readonly search_personal: string;
}

/** What the index of one generation is fed from: its order rows by `write_seq`, and how far the feeding is. */
export class SearchFeedStore {
  readonly #db: Queryable;
  readonly #generation: Generation;

  constructor(db: Queryable, generation: Generation) {
    this.#db = db;
    this.#generation = generation;
  }

  async checkpoint(): Promise<IndexReached> {
    const { rows } = await this.#db.query<{ position: string; write_seq: string }>(
      `SELECT position, write_seq FROM ${SHARED_SCHEMA}.checkpoints WHERE generation = $1 AND projection = $2`,
      [this.#generation.id, SEARCH_PROJECTION],
    );
    const [row] = rows;
    if (!row) return NOTHING_REACHED;
    return { position: BigInt(row.position), writeSeq: BigInt(row.write_seq) };
  }

  /** The number that the last write of a row took; 0: there was none. */
  async lastWriteSeq(): Promise<bigint> {
    const { rows } = await this.#db.query<{ last: string }>(
      `SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS last FROM ${this.#generation.schema}.write_seq`,
    );
    return BigInt(rows[0]!.last);
  }

  /**
   * The rows written after that number. `maxBytes` counts documents as they are stored, compressed; a
   * single one may be more.
   */
  async changed(afterSeq: bigint, maxRows: number, maxBytes: number): Promise<ChangedRows> {
    const { rows } = await this.#db.query<ChangedRow>({
      name: 'changed_rows',
      text: changedStatement(this.#generation.schema),
      values: [this.#generation.rowsOf, afterSeq.toString(), maxRows, maxBytes],
    });
    const { position, seen } = rows[0]!;
    const orders = rows.filter((row) => row.write_seq !== null).map(changedOrder);
    return {
      orders,
      complete: orders.length === seen && seen < maxRows,
      position: position === null ? null : BigInt(position),
    };
  }

  /**
   * In one transaction of the owner with that token: how far the index is, which documents it refused, and which it
   * has after all.
   * @throws LeaseLost
   */
  async advance(
    token: bigint,
    { position, writeSeq }: IndexReached,
    refused: readonly RefusedDocument[],
    recovered: readonly { tenantId: string; orderId: string }[],
  ): Promise<void> {
    const advancing = this.#db.query({
      name: 'advance_search',
      text: ADVANCE,
      values: [
        this.#generation.id,
        position.toString(),
        writeSeq.toString(),
        refused.map(({ tenantId }) => tenantId),
        refused.map(({ orderId }) => orderId),
        refused.map(({ revision }) => revision),
        refused.map(({ reason }) => reason),
        recovered.map(({ tenantId }) => tenantId),
        recovered.map(({ orderId }) => orderId),
        token.toString(),
      ],
    });
    await fenced(advancing);
  }

  /** Orders whose document was refused, as `<tenantId>.<orderId>`. */
  async parked(): Promise<Set<string>> {
    const { rows } = await this.#db.query<{ key: string }>(
      `SELECT tenant_id || '.' || order_id AS key FROM ${SHARED_SCHEMA}.quarantine
       WHERE projection = $1 AND generation = $2`,
      [SEARCH_PROJECTION, this.#generation.id],
    );
    return new Set(rows.map(({ key }) => key));
  }

  /** Another index takes the place of the generation's own, to be filled from the beginning. @throws LeaseLost */
  async replaceIndex(token: bigint, name: string): Promise<void> {
    const replacing = this.#db.query(
      `WITH ${held('$3')}, emptied AS (
         DELETE FROM ${SHARED_SCHEMA}.checkpoints WHERE generation = $1 AND projection = '${SEARCH_PROJECTION}'
       ), renamed AS (
         UPDATE ${SHARED_SCHEMA}.generations SET search_index = $2 WHERE id = $1 RETURNING id
       ) SELECT ${requireLease}, (SELECT pg_notify('${GENERATION_CHANNEL}', id::text) FROM renamed)`,
      [this.#generation.id, name, token.toString()],
    );
    await fenced(replacing);
  }
}

function changedOrder(row: ChangedRow): ChangedOrder {
  const {
    tenant_id: tenantId,
    order_id: orderId,
    revision,
    found_by: foundBy,
    search_personal: personal,
  } = row;
  const document = () =>
    foundBy === null ? null : searchDocumentText({ tenantId, ...summaryItemOf(row) }, foundBy, personal);
  return { tenantId, orderId, revision, writeSeq: BigInt(row.write_seq!), document };
}

// How large what an order is found by is stands in its row, so that none is read only to be counted.
function changedStatement(schema: string): string {
  const searchRow = `LEFT JOIN ${schema}.order_search s ON s.tenant_id = o.tenant_id AND s.order_id = o.order_id`;
  return `WITH seen AS MATERIALIZED (
      SELECT o.write_seq, coalesce(pg_column_size(s.found_by), 0) AS bytes FROM ${schema}.orders o ${searchRow}
      WHERE o.write_seq > $2::bigint ORDER BY o.write_seq LIMIT $3::int
    ), page AS (
      SELECT write_seq, sum(bytes) OVER (ORDER BY write_seq) - bytes AS bytes_before FROM seen
    )
    SELECT (SELECT position FROM ${SHARED_SCHEMA}.checkpoints
        WHERE generation = $1 AND projection = '${ORDERS_PROJECTION}') AS position,
      (SELECT count(*)::int FROM seen) AS seen, o.write_seq, o.tenant_id, ${selectSummary('o')},
      s.found_by::text, s.personal::text AS search_personal
    FROM (SELECT) one
    LEFT JOIN (page p JOIN ${schema}.orders o ON o.write_seq = p.write_seq AND p.bytes_before < $4::int
      ${searchRow}) ON true
    ORDER BY o.write_seq`;
}

function held(token: string): string {
  return heldLease({ generation: '$1', projection: `'${SEARCH_PROJECTION}'`, token: `${token}::bigint` });
}

const ADVANCE = `WITH ${held('$10')}, parked AS (
    INSERT INTO ${SHARED_SCHEMA}.quarantine (projection, generation, tenant_id, order_id, revision, reason)
    SELECT '${SEARCH_PROJECTION}', $1, * FROM unnest($4::text[], $5::uuid[], $6::int[], $7::text[])
    ON CONFLICT (projection, generation, tenant_id, order_id, revision)
    DO UPDATE SET reason = excluded.reason, parked_at = now()
  ), superseded AS (
    DELETE FROM ${SHARED_SCHEMA}.quarantine q
    USING unnest($4::text[], $5::uuid[], $6::int[]) AS r (tenant_id, order_id, revision)
    WHERE q.projection = '${SEARCH_PROJECTION}' AND q.generation = $1
      AND q.tenant_id = r.tenant_id AND q.order_id = r.order_id AND q.revision < r.revision
  ), recovered AS (
    DELETE FROM ${SHARED_SCHEMA}.quarantine q USING unnest($8::text[], $9::uuid[]) AS r (tenant_id, order_id)
    WHERE q.projection = '${SEARCH_PROJECTION}' AND q.generation = $1
      AND q.tenant_id = r.tenant_id AND q.order_id = r.order_id
  ), written AS (
    INSERT INTO ${SHARED_SCHEMA}.checkpoints AS c (generation, projection, position, write_seq)
    VALUES ($1, '${SEARCH_PROJECTION}', $2, $3)
    ON CONFLICT (generation, projection) DO UPDATE
    SET position = greatest(c.position, excluded.position), write_seq = excluded.write_seq, updated_at = now()
    RETURNING generation, projection, position
  ) SELECT ${requireLease},
    (SELECT pg_notify('${CHECKPOINT_CHANNEL}', generation || ':' || projection || ':' || position) FROM written)`;
