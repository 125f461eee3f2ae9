import { summaryColumns, type OrderSummary } from '../order-summary.js';
import { CHECKPOINT_CHANNEL, SHARED_SCHEMA } from '../schema.js';
import { ORDERS_PROJECTION } from '../orders.projection.js';
import { arrayLiteral, type ElementType } from './binary-array.js';

/** Prepared by the connection at first use. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

interface BatchColumn {
  readonly column: string;
  /** How it travels. */
  readonly type: ElementType;
  /** What becomes of it in the row, given its name in the batch. */
  readonly select: string;
}

const plain = (column: string, type: ElementType): BatchColumn => ({ column, type, select: `b.${column}` });

const summaryBatchColumns: readonly BatchColumn[] = summaryColumns.map(({ column, type }) =>
  type === 'text[]' ? { column, type: 'text', select: `b.${column}::text[]` } : plain(column, type),
);

export const orderColumns: readonly BatchColumn[] = [
  ...summaryBatchColumns,
  plain('document', 'json'),
  plain('personal', 'json'),
];

export const historyColumns: readonly BatchColumn[] = [
  ...summaryBatchColumns,
  plain('position', 'int8'),
  plain('event_id', 'uuid'),
  plain('type', 'text'),
  plain('data', 'json'),
  plain('command_id', 'uuid'),
  plain('correlation_id', 'text'),
  plain('causation_id', 'text'),
  plain('actor_type', 'text'),
  plain('actor_id', 'text'),
  plain('occurred_at', 'timestamptz'),
  plain('recorded_at', 'timestamptz'),
  plain('occurred_until', 'timestamptz'),
  plain('recorded_until', 'timestamptz'),
];

/** In the order of the summary's columns. */
export function summaryValues(summary: OrderSummary): unknown[] {
  return summaryColumns.map(({ field, type }) =>
    type === 'text[]' ? arrayLiteral(summary[field] as readonly string[]) : summary[field],
  );
}

/** Everything that writing the projection `orders` asks of PostgreSQL. */
export function statementsOf(schema: string) {
  const changed = orderColumns
    .filter(({ column }) => column !== 'tenant_id' && column !== 'order_id')
    .map(({ column }) => `${column} = excluded.${column}`);
  return {
    load: {
      name: 'load_orders',
      text: `SELECT o.document, o.personal FROM unnest($1::text[], $2::uuid[]) AS k (tenant_id, order_id)
        JOIN ${schema}.orders o ON o.tenant_id = k.tenant_id AND o.order_id = k.order_id`,
    },
    upsertOrders: {
      name: 'upsert_orders',
      text: `${insertBatch(`${schema}.orders AS o`, orderColumns)}
        ON CONFLICT (tenant_id, order_id) DO UPDATE SET ${changed.join(', ')}
        WHERE o.revision < excluded.revision`,
    },
    insertHistory: {
      name: 'insert_history',
      text: `${insertBatch(`${schema}.order_history`, historyColumns)}
        ON CONFLICT (tenant_id, order_id, revision) DO NOTHING`,
    },
    endPeriods: {
      name: 'end_periods',
      text: `UPDATE ${schema}.order_history h
        SET occurred_until = k.occurred_until, recorded_until = k.recorded_until
        FROM unnest($1::text[], $2::uuid[], $3::int4[], $4::timestamptz[], $5::timestamptz[])
          AS k (tenant_id, order_id, revision, occurred_until, recorded_until)
        WHERE h.tenant_id = k.tenant_id AND h.order_id = k.order_id AND h.revision = k.revision`,
    },
    upsertSearch: {
      name: 'upsert_search',
      text: `INSERT INTO ${schema}.order_search AS s (tenant_id, order_id, revision, words, skus, personal)
        SELECT tenant_id, order_id, revision, array_to_tsvector(string_to_array(words, ' ')), skus::text[], personal
        FROM unnest($1::text[], $2::uuid[], $3::int4[], $4::text[], $5::text[], $6::json[])
          AS b (tenant_id, order_id, revision, words, skus, personal)
        ON CONFLICT (tenant_id, order_id) DO UPDATE
        SET revision = excluded.revision, words = excluded.words, skus = excluded.skus, personal = excluded.personal
        WHERE s.revision < excluded.revision`,
    },
    checkpoint: {
      name: 'write_checkpoint',
      text: `WITH written AS (
          INSERT INTO ${SHARED_SCHEMA}.checkpoints AS c (generation, projection, position)
          VALUES ($1::int, '${ORDERS_PROJECTION}', $2::bigint)
          ON CONFLICT (generation, projection) DO UPDATE SET position = excluded.position, updated_at = now()
          WHERE c.position < excluded.position RETURNING generation, projection, position
        )
        SELECT pg_notify('${CHECKPOINT_CHANNEL}', generation || ':' || projection || ':' || position) FROM written`,
    },
  } as const satisfies Record<string, Statement>;
}

function insertBatch(into: string, columns: readonly BatchColumn[]): string {
  const names = columns.map(({ column }) => column).join(', ');
  const parameters = columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ');
  const selected = columns.map(({ select }) => select).join(', ');
  return `INSERT INTO ${into} (${names}) SELECT ${selected} FROM unnest(${parameters}) AS b (${names})`;
}
