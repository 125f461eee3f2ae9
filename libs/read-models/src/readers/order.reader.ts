import { keyArrays } from '../order-key.js';
import { ORDERS_PROJECTION } from '../orders.projection.js';
import { SHARED_SCHEMA } from '../schema.js';
import type { Audience } from './order-filter.js';
import { parkedAt, type ParkedAt } from './parked.reader.js';
import type { ReadModels } from './read-models.js';

/** One order's row: JSON as the projector stored it, not parsed. */
export interface OrderRowText {
  readonly revision: number;
  readonly customerId: string | null;
  /** Checkpoint of `orders` in the same snapshot; null: it has read nothing. */
  readonly position: bigint | null;
  /** A JSON object without personal data. */
  readonly document: string;
  /** A JSON object, or `"erased"`. */
  readonly personal: string;
  /** null: it is as new as the projection. */
  readonly parked: ParkedAt | null;
}

type RowText = [string, number, string | null, string, string, number | null, string | null, string | null];

/**
 * At most this many statements are under way, each for at most `ORDERS_EACH` orders. Reads that come meanwhile
 * wait.
 */
const STATEMENTS = 4;
const ORDERS_EACH = 16;

interface WaitingRead {
  readonly tenantId: string;
  readonly orderId: string;
  readonly resolve: (row: OrderRowText | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads orders' current rows. Reads that come while many are under way share a statement: it costs little more for
 * sixteen rows than for one. A read never joins a statement that has begun, so it sees everything that was written
 * before the read.
 */
export class OrderReader {
  readonly #models: ReadModels;
  readonly #waiting: WaitingRead[] = [];
  #underWay = 0;

  constructor(models: ReadModels) {
    this.#models = models;
  }

  /** null when there is none that this audience may see. */
  async read({ tenantId, customerId }: Audience, orderId: string): Promise<OrderRowText | null> {
    const row = await new Promise<OrderRowText | null>((resolve, reject) => {
      this.#waiting.push({ tenantId, orderId, resolve, reject });
      this.#begin();
    });
    return row !== null && customerId !== null && customerId !== row.customerId ? null : row;
  }

  #begin(): void {
    while (this.#underWay < STATEMENTS && this.#waiting.length > 0) {
      this.#underWay += 1;
      void this.#answer(this.#waiting.splice(0, ORDERS_EACH));
    }
  }

  async #answer(reads: readonly WaitingRead[]): Promise<void> {
    try {
      const rows = await rowsOf(this.#models, reads);
      for (const [index, { resolve }] of reads.entries()) resolve(rows[index] ?? null);
    } catch (error) {
      for (const { reject } of reads) reject(error);
    }
    this.#underWay -= 1;
    this.#begin();
  }
}

/** The rows, each at the index of its read; nothing at the index of an order without a row. */
async function rowsOf(models: ReadModels, asked: readonly WaitingRead[]): Promise<OrderRowText[]> {
  return models.read(async ({ id, schema, rowsOf: generation }, pool) => {
    // A named statement is parsed and planned once per connection. Its name changes with the generation.
    const { rows } = await pool.query<RowText>({
      name: `orders-${id}`,
      text: `SELECT k.place, o.revision, o.customer_id, o.document::text, o.personal::text, p.revision, p.reason,
          (SELECT position FROM ${SHARED_SCHEMA}.checkpoints
            WHERE generation = ${generation} AND projection = '${ORDERS_PROJECTION}')
        FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS k (tenant_id, order_id, place)
        JOIN ${schema}.orders o ON o.tenant_id = k.tenant_id AND o.order_id = k.order_id
        LEFT JOIN LATERAL (${parkedAt({ id, rowsOf: generation }, 'k.tenant_id', 'k.order_id')}) p ON true`,
      values: keyArrays(asked),
      rowMode: 'array',
    });
    const found: OrderRowText[] = [];
    for (const [place, revision, customerId, document, personal, parkedRevision, reason, reached] of rows) {
      const parked = parkedRevision === null ? null : { revision: parkedRevision, reason: reason! };
      const position = reached === null ? null : BigInt(reached);
      found[Number(place) - 1] = { revision, customerId, position, document, personal, parked };
    }
    return found;
  });
}
