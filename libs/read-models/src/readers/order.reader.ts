import { SHARED_SCHEMA } from '../schema.js';
import type { Audience } from './order-filter.js';
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
}

/** The order's current row; null when there is none that this audience may see. */
export async function readOrder(
  models: ReadModels,
  audience: Audience,
  orderId: string,
): Promise<OrderRowText | null> {
  return models.read(async ({ id, schema, rowsOf }, pool) => {
    // A named statement is parsed and planned once a connection; the name changes with the generation.
    const { rows } = await pool.query<[number, string | null, string, string, string | null]>({
      name: `order-${id}`,
      text: `SELECT revision, customer_id, document::text, personal::text,
          (SELECT position FROM ${SHARED_SCHEMA}.checkpoints WHERE generation = ${rowsOf} AND projection = 'orders')
        FROM ${schema}.orders WHERE tenant_id = $1 AND order_id = $2`,
      values: [audience.tenantId, orderId],
      rowMode: 'array',
    });
    const row = rows[0];
    if (row === undefined) return null;
    const [revision, customerId, document, personal, position] = row;
    if (audience.customerId !== null && audience.customerId !== customerId) return null;
    return {
      revision,
      customerId,
      position: position === null ? null : BigInt(position),
      document,
      personal,
    };
  });
}
