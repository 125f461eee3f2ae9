import { ORDERS_PROJECTION } from '../orders.projection.js';
import { SHARED_SCHEMA } from '../schema.js';
import type { Audience } from './order-filter.js';
import type { ParkedAt } from './parked.reader.js';
import type { ReadModels } from './read-models.js';

/** One order's row: JSON as the projector stored it, not parsed. */
export interface OrderRowText {
  readonly revision: number;
  readonly customerId: string | null;
  /** How far `orders` was in the same snapshot. */
  readonly position: bigint | null;
  /** A JSON object that does not hold what names a person. */
  readonly document: string;
  /** A JSON object, or `"erased"`. */
  readonly personal: string;
  /** null: it is as new as the projection. */
  readonly parked: ParkedAt | null;
}

type RowText = [number, string | null, string, string, number | null, string | null, string | null];

/** The order's current row; null when there is none that this audience may see. */
export async function readOrder(
  models: ReadModels,
  audience: Audience,
  orderId: string,
): Promise<OrderRowText | null> {
  return models.read(async ({ id, schema, rowsOf }, pool) => {
    // A named statement is parsed and planned once a connection; the name changes with the generation.
    const { rows } = await pool.query<RowText>({
      name: `order-${id}`,
      text: `SELECT o.revision, o.customer_id, o.document::text, o.personal::text, p.revision, p.reason,
          (SELECT position FROM ${SHARED_SCHEMA}.checkpoints
            WHERE generation = ${rowsOf} AND projection = '${ORDERS_PROJECTION}')
        FROM ${schema}.orders o LEFT JOIN LATERAL (
          SELECT q.revision, q.reason FROM ${SHARED_SCHEMA}.quarantine q
          WHERE q.projection = '${ORDERS_PROJECTION}' AND q.generation = ${rowsOf}
            AND q.tenant_id = $1 AND q.order_id = $2 ORDER BY q.revision LIMIT 1
        ) p ON true WHERE o.tenant_id = $1 AND o.order_id = $2`,
      values: [audience.tenantId, orderId],
      rowMode: 'array',
    });
    const row = rows[0];
    if (row === undefined) return null;
    const [revision, customerId, document, personal, parkedRevision, reason, reached] = row;
    if (audience.customerId !== null && audience.customerId !== customerId) return null;
    const parked = parkedRevision === null ? null : { revision: parkedRevision, reason: reason! };
    const position = reached === null ? null : BigInt(reached);
    return { revision, customerId, position, document, personal, parked };
  });
}
