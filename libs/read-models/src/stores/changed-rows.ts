import type { ClientBase } from 'pg';
import { copyOut, type CopiedRow } from '#platform/copy-out.js';
import type { Generation } from '../generations.js';
import { ORDERS_PROJECTION } from '../orders.projection.js';
import { copiedSummary, selectWholeSummary } from '../readers/copied-summary.js';
import { SHARED_SCHEMA } from '../schema.js';
import { DocumentWriter } from '../search/document-writer.js';
import type { ChangedOrder } from '../search/elasticsearch/index-writer.js';

/** Rows that were written since, in the order of their writes. */
export interface ChangedRows {
  readonly orders: readonly ChangedOrder[];
  /** Whether these are all there were; then an index that has them is as far as `position`. */
  readonly complete: boolean;
  /** Of the projection `orders`, in the same snapshot; null: it has read nothing. */
  readonly position: bigint | null;
}

export interface PageLimits {
  readonly maxRows: number;
  /** Of documents as they are stored, compressed; a single one may be more. */
  readonly maxBytes: number;
}

/** The rows of a generation with an index that were written after that number. */
export async function changedRows(
  db: ClientBase,
  { schema, rowsOf }: Generation,
  afterSeq: bigint,
  limits: PageLimits,
): Promise<ChangedRows> {
  const documents = new DocumentWriter();
  const orders: ChangedOrder[] = [];
  let position: bigint | null = null;
  let seen = 0;
  await copyOut(db, changedQuery(schema, rowsOf, afterSeq, limits), (row) => {
    position = row.isNull() ? null : BigInt(row.bigint());
    seen = row.integer();
    if (!row.isNull()) orders.push(changedOrder(row, documents));
  });
  return { orders, complete: orders.length === seen && seen < limits.maxRows, position };
}

function changedOrder(row: CopiedRow, documents: DocumentWriter): ChangedOrder {
  const writeSeq = BigInt(row.bigint());
  const summary = copiedSummary(row);
  const { tenantId, orderId, revision } = summary;
  const document = row.isNull() ? null : documents.write(summary, row.slice(), row.slice());
  return { tenantId, orderId, revision, writeSeq, document };
}

// How large what an order is found by is stands in its row, so that none is read only to be counted.
function changedQuery(
  schema: string,
  rowsOf: number,
  afterSeq: bigint,
  { maxRows, maxBytes }: PageLimits,
): string {
  const searchRow = `LEFT JOIN ${schema}.order_search s ON s.tenant_id = o.tenant_id AND s.order_id = o.order_id`;
  return `WITH seen AS MATERIALIZED (
      SELECT o.write_seq, coalesce(pg_column_size(s.found_by), 0) AS bytes FROM ${schema}.orders o ${searchRow}
      WHERE o.write_seq > ${afterSeq} ORDER BY o.write_seq LIMIT ${maxRows}
    ), page AS (
      SELECT write_seq, sum(bytes) OVER (ORDER BY write_seq) - bytes AS bytes_before FROM seen
    )
    SELECT (SELECT position FROM ${SHARED_SCHEMA}.checkpoints
        WHERE generation = ${rowsOf} AND projection = '${ORDERS_PROJECTION}'),
      (SELECT count(*)::int FROM seen), o.write_seq, ${selectWholeSummary('o')}, s.found_by, s.personal
    FROM (SELECT) one
    LEFT JOIN (page p JOIN ${schema}.orders o ON o.write_seq = p.write_seq AND p.bytes_before < ${maxBytes}
      ${searchRow}) ON true
    ORDER BY o.write_seq`;
}
