import type { ClientBase } from 'pg';
import type { Instant } from '#domain/instant.js';
import { copyOut, type CopiedRow } from '#platform/copy-out.js';
import type { Generation } from '../generations/generation.js';
import type { OrderSummary } from '../order-summary.js';
import { ORDERS_PROJECTION } from '../orders.projection.js';
import { copiedSummary, selectWholeSummary } from '../readers/copied-summary.js';
import { SHARED_SCHEMA } from '../schema.js';
import { DocumentWriter } from '../search/document-writer.js';
import type { ChangedOrder } from '../search/elasticsearch/index-writer.js';
import { currentStretch } from './stretches.js';

/** Rows that were written or removed after a given write, in the order of their writes. */
export interface ChangedRows {
  readonly orders: readonly ChangedOrder[];
  /** Whether these are all such rows; then an index that has them has reached `position`. */
  readonly complete: boolean;
  /** Checkpoint of the projection `orders` in the same snapshot; null: it has read nothing. */
  readonly position: bigint | null;
  /** The stretch that was being written in the same snapshot; null: none is noted. */
  readonly stretch: string | null;
  /** When the last event of the first row occurred; null: there are no rows. */
  readonly firstUpdatedAt: Instant | null;
}

export interface PageLimits {
  readonly maxRows: number;
  /** Limit for the stored, compressed size of all `found_by` together; the last row may exceed it. */
  readonly maxBytes: number;
}

/** The rows of a generation with an index that were written or removed after the write with that number. */
export async function changedRows(
  db: ClientBase,
  generation: Generation,
  afterSeq: bigint,
  limits: PageLimits,
): Promise<ChangedRows> {
  const documents = new DocumentWriter();
  const orders: ChangedOrder[] = [];
  let gone: ChangedOrder[] = [];
  let position: bigint | null = null;
  let stretch: string | null = null;
  let firstUpdatedAt: Instant | null = null;
  let complete = true;
  await copyOut(db, changedQuery(generation, afterSeq, limits), (row) => {
    position = row.isNull() ? null : BigInt(row.bigint());
    stretch = row.isNull() ? null : row.text();
    if (!row.isNull()) gone = (JSON.parse(row.text()) as GoneRow[]).map(goneOrder);
    if (row.isNull()) return;
    const writeSeq = BigInt(row.bigint());
    complete = row.boolean();
    const summary = copiedSummary(row);
    firstUpdatedAt ??= summary.updatedAt;
    orders.push(changedOrder(row, summary, writeSeq, documents));
  });
  const through = orders.at(-1)?.writeSeq ?? afterSeq;
  // Removals after the last write of an incomplete page belong to the next page: once an index has a page, it has
  // all writes up to the page's last one.
  orders.push(...gone.filter(({ writeSeq }) => complete || writeSeq < through));
  if (gone.length > 0) orders.sort((a, b) => Number(a.writeSeq - b.writeSeq));
  return { orders, complete, position, stretch, firstUpdatedAt };
}

interface GoneRow {
  readonly tenantId: string;
  readonly orderId: string;
  /** Decimal. */
  readonly writeSeq: string;
}

function goneOrder({ tenantId, orderId, writeSeq }: GoneRow): ChangedOrder {
  return { tenantId, orderId, revision: 0, writeSeq: BigInt(writeSeq), document: 'gone' };
}

function changedOrder(
  row: CopiedRow,
  summary: OrderSummary,
  writeSeq: bigint,
  documents: DocumentWriter,
): ChangedOrder {
  const { tenantId, orderId, revision } = summary;
  const document = row.isNull() ? null : documents.write(summary, row.slice(), row.slice());
  return { tenantId, orderId, revision, writeSeq, document };
}

// Removed rows, from the same snapshot and looked up once per page. There are hardly ever any.
const goneRows = (schema: string, rowsOf: number, afterSeq: bigint) => `
  SELECT json_agg(json_build_object('tenantId', l.tenant_id, 'orderId', l.order_id, 'writeSeq', l.write_seq::text))
  FROM ${SHARED_SCHEMA}.late_rows l WHERE l.generation = ${rowsOf} AND l.write_seq > ${afterSeq} AND NOT EXISTS (
    SELECT FROM ${schema}.orders o WHERE o.tenant_id = l.tenant_id AND o.order_id = l.order_id)`;

// Each row is looked up once, and pg_column_size gives the size of found_by without reading it.
function changedQuery(
  { schema, rowsOf }: Generation,
  afterSeq: bigint,
  { maxRows, maxBytes }: PageLimits,
): string {
  return `SELECT (SELECT position FROM ${SHARED_SCHEMA}.checkpoints
        WHERE generation = ${rowsOf} AND projection = '${ORDERS_PROJECTION}'),
      ${currentStretch({ rowsOf })},
      (${goneRows(schema, rowsOf, afterSeq)}),
      page.*
    FROM (SELECT) one
    LEFT JOIN (
      SELECT * FROM (
        SELECT o.write_seq, lead(o.write_seq) OVER seq IS NULL AS is_last, ${selectWholeSummary('o')},
          s.found_by, s.personal, sum(pg_column_size(s.found_by)) OVER seq AS bytes,
          pg_column_size(s.found_by) AS own_bytes
        FROM ${schema}.orders o
        LEFT JOIN ${schema}.order_search s ON s.tenant_id = o.tenant_id AND s.order_id = o.order_id
        WHERE o.write_seq > ${afterSeq} WINDOW seq AS (ORDER BY o.write_seq) ORDER BY o.write_seq LIMIT ${maxRows}
      ) seen WHERE coalesce(bytes, 0) - coalesce(own_bytes, 0) < ${maxBytes}
    ) page ON true
    ORDER BY page.write_seq`;
}
