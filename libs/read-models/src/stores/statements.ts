import { eventColumns } from '../event-columns.js';
import { lockLateEvents, noteLateEvents } from '../late-events.js';
import { summaryColumns, type OrderSummary } from '../order-summary.js';
import { ORDERS_PROJECTION } from '../orders.projection.js';
import { CHECKPOINT_CHANNEL, SHARED_SCHEMA } from '../schema.js';
import type { SearchEngine } from '../search/search-engine.js';
import { arrayLiteral, type ElementType } from './binary-array.js';
import { heldLease, requireLease } from './fence.js';

/** Prepared by the connection at first use. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** A column of a batch: an array parameter. */
interface BatchColumn {
  readonly column: string;
  /** Element type of the array. */
  readonly type: ElementType;
  /** SQL that makes the row's value from the batch's column of that name; absent: the value as it is. */
  readonly select?: string;
}

const column = (name: string, type: ElementType, select?: string): BatchColumn =>
  select === undefined ? { column: name, type } : { column: name, type, select };

const key: readonly BatchColumn[] = [
  column('tenant_id', 'text'),
  column('order_id', 'uuid'),
  column('revision', 'int4'),
];

const summary: readonly BatchColumn[] = summaryColumns.map(({ column: name, type }) =>
  type === 'text[]' ? column(name, 'text', `${name}::text[]`) : column(name, type),
);

const event: readonly BatchColumn[] = eventColumns.map(({ column: name, type }) => column(name, type));

/** The array parameters of one write, by table, in the order in which the values of a row are pushed. */
export const batchColumns = {
  orders: [...summary, column('document', 'json'), column('personal', 'json')],
  history: [...summary, ...event],
  periodEnds: [...key, column('occurred_until', 'timestamptz'), column('recorded_until', 'timestamptz')],
  search: [
    ...key,
    column('words', 'text', `array_to_tsvector(string_to_array(words, ' '))`),
    column('skus', 'text', 'skus::text[]'),
    column('phrases', 'text'),
    column('personal', 'json'),
  ],
  words: [column('tenant_id', 'text'), column('word', 'text')],
  indexed: [...key, column('found_by', 'json'), column('personal', 'json')],
} as const satisfies Record<string, readonly BatchColumn[]>;

/**
 * Array parameters for parked and unparked events. The quarantine table belongs to no generation, so these columns
 * are not part of a generation's fingerprint.
 */
const quarantineColumns = {
  parked: [
    ...key,
    column('position', 'int8'),
    column('event_id', 'uuid'),
    column('type', 'text'),
    column('kind', 'text'),
    column('reason', 'text'),
    column('tries', 'int4'),
    column('next_try_at', 'int8', `now() + next_try_at * interval '1 ms'`),
  ],
  unparked: [column('tenant_id', 'text'), column('order_id', 'uuid'), column('below', 'int8')],
} as const satisfies Record<string, readonly BatchColumn[]>;

export type BatchTable = keyof typeof batchColumns | keyof typeof quarantineColumns;

export const writtenColumns: Readonly<Record<BatchTable, readonly BatchColumn[]>> = {
  ...batchColumns,
  ...quarantineColumns,
};

/**
 * The tables of a write, in the order of its parameters. Which ones there are for finding orders depends on the search
 * engine.
 */
export const batchTables = {
  postgres: ['orders', 'history', 'periodEnds', 'search', 'words'],
  elasticsearch: ['orders', 'history', 'periodEnds', 'indexed'],
} as const satisfies Readonly<Record<SearchEngine, readonly BatchTable[]>>;

/** Also parameters of a write that parks or unparks events, or that writes behind the checkpoint. */
export const quarantineTables = ['parked', 'unparked'] as const satisfies readonly BatchTable[];

/** The values in the order of `summaryColumns`. */
export function summaryValues(values: OrderSummary): unknown[] {
  return summaryColumns.map(({ field, type }) =>
    type === 'text[]' ? arrayLiteral(values[field] as readonly string[]) : values[field],
  );
}

export function loadStatement(schema: string): Statement {
  return {
    name: 'load_orders',
    text: `SELECT o.document, o.personal FROM unnest($1::text[], $2::uuid[]) AS k (tenant_id, order_id)
      JOIN ${schema}.orders o ON o.tenant_id = k.tenant_id AND o.order_id = k.order_id`,
  };
}

const upsertCheckpoint = (generation: string, position: string) => `
  INSERT INTO ${SHARED_SCHEMA}.checkpoints AS c (generation, projection, position)
  SELECT ${generation}::int, '${ORDERS_PROJECTION}', ${position}::bigint WHERE ${position}::bigint IS NOT NULL
  ON CONFLICT (generation, projection) DO UPDATE SET position = excluded.position, updated_at = now()
  WHERE c.position < excluded.position RETURNING generation, projection, position`;

const NOTIFY = `pg_notify('${CHECKPOINT_CHANNEL}', generation || ':' || projection || ':' || position)`;

const held = (generation: string, token: string) =>
  heldLease({
    generation: `${generation}::int`,
    projection: `'${ORDERS_PROJECTION}'`,
    token: `${token}::bigint`,
  });

/** Parameters: generation, position, token of the owner. */
export const checkpointStatement: Statement = {
  name: 'write_checkpoint',
  text: `WITH ${held('$1', '$3')}, written AS (${upsertCheckpoint('$1', '$2')})
    SELECT ${requireLease}, (SELECT ${NOTIFY} FROM written)`,
};

/**
 * The first statement of a transaction with several: it holds the lease until the commit. Parameters: generation,
 * token of the owner.
 */
export const fenceStatement: Statement = {
  name: 'require_lease',
  text: `WITH ${held('$1', '$2')} SELECT ${requireLease}`,
};

/** Notifies with the unchanged checkpoint, after rows were written behind it. Parameter: generation. */
export const announceStatement: Statement = {
  name: 'announce_checkpoint',
  text: `SELECT ${NOTIFY} FROM ${SHARED_SCHEMA}.checkpoints
    WHERE generation = $1 AND projection = '${ORDERS_PROJECTION}'`,
};

/** Statements that delete all rows of one order before it is written anew. Parameters: tenant, order. */
export function removeOrderStatements(schema: string): readonly string[] {
  return ['orders', 'order_history', 'order_search'].map(
    (table) => `DELETE FROM ${schema}.${table} WHERE tenant_id = $1 AND order_id = $2`,
  );
}

/**
 * Writes a whole batch in one statement, and so in one transaction and one round trip. Parameters: generation;
 * position (null: the checkpoint stays); number of orders; token of the owner; then the arrays of `batchColumns`,
 * table by table in the order of `batchTables`. With `quarantine`, also the arrays of `quarantineTables`, and
 * whether events that are written behind the checkpoint are noted as late.
 */
export function writeStatement(
  schema: string,
  engine: SearchEngine,
  { quarantine }: { quarantine: boolean },
): Statement {
  const batches = new Map<BatchTable, string>();
  let parameters = 4;
  const tables: readonly BatchTable[] = [...batchTables[engine], ...(quarantine ? quarantineTables : [])];
  for (const table of tables) {
    const columns = writtenColumns[table];
    const arrays = columns.map(({ type }) => `$${++parameters}::${type}[]`).join(', ');
    batches.set(table, `unnest(${arrays}) AS b (${names(columns)})`);
  }
  const insert = (table: BatchTable, into: string, more: readonly BatchColumn[] = []) => {
    const columns = [...writtenColumns[table], ...more];
    const selected = columns.map(({ column: name, select }) => select ?? name).join(', ');
    return `INSERT INTO ${into} (${names(columns)}) SELECT ${selected} FROM ${batches.get(table)}`;
  };
  const numbered =
    engine === 'elasticsearch' ? [column('write_seq', 'int8', `nextval('${schema}.write_seq')`)] : [];
  const found = (table: 'search' | 'indexed') => `searched AS (${insert(table, `${schema}.order_search AS s`)}
        ON CONFLICT (tenant_id, order_id) DO UPDATE SET ${updates(batchColumns[table])}
        WHERE s.revision < excluded.revision),`;
  const searched = {
    postgres: () => `${found('search')}
      worded AS (${insert('words', `${schema}.search_words`)} ON CONFLICT DO NOTHING),`,
    elasticsearch: () => `${found('indexed')} ${LATE}`,
  };
  return {
    name: quarantine ? 'write_batch_and_quarantine' : 'write_batch',
    text: `WITH ${held('$1', '$4')},
      orders AS (${insert('orders', `${schema}.orders AS o`, numbered)}
        ON CONFLICT (tenant_id, order_id) DO UPDATE SET ${updates([...batchColumns.orders, ...numbered])}
        WHERE o.revision < excluded.revision RETURNING ${numbered.length > 0 ? 'tenant_id, order_id, write_seq' : '1'}),
      history AS (${insert('history', `${schema}.order_history`)}
        ON CONFLICT (tenant_id, order_id, revision) DO NOTHING
        ${quarantine ? 'RETURNING tenant_id, order_id, revision, position' : ''}),
      ended AS (UPDATE ${schema}.order_history h
        SET occurred_until = b.occurred_until, recorded_until = b.recorded_until FROM ${batches.get('periodEnds')}
        WHERE h.tenant_id = b.tenant_id AND h.order_id = b.order_id AND h.revision = b.revision),
      ${searched[engine]()}
      ${quarantine ? quarantined(batches.get('parked')!, batches.get('unparked')!) + lateEvents(`$${parameters + 1}`) : ''}
      checkpoint AS (${upsertCheckpoint('$1', '$2')})
      SELECT ${requireLease}, ${SHARED_SCHEMA}.require((SELECT count(*) FROM orders) = $3::int, '${FOREIGN_WRITE}'),
        (SELECT ${NOTIFY} FROM checkpoint)`,
  };
}

/**
 * Notes the rows of a write that leaves the checkpoint where it is: an index may have reached the checkpoint
 * without them.
 */
const LATE = `late AS (
        INSERT INTO ${SHARED_SCHEMA}.late_rows (generation, tenant_id, order_id, write_seq)
        SELECT $1::int, tenant_id, order_id, write_seq FROM orders WHERE $2::bigint IS NULL
        ON CONFLICT (generation, tenant_id, order_id) DO UPDATE
        SET write_seq = excluded.write_seq, written_at = now()),`;

/** An event that is parked already gets the outcome of its last try. Events that wait behind it stay as they are. */
function quarantined(parked: string, unparked: string): string {
  const into = `${SHARED_SCHEMA}.quarantine`;
  const columns = writtenColumns.parked;
  const selected = columns.map(({ column: name, select }) => select ?? name).join(', ');
  const tried = `CASE kind WHEN 'behind' THEN NULL ELSE now() END`;
  return `parked AS (
        INSERT INTO ${into} AS q (projection, generation, ${names(columns)}, first_tried_at, last_tried_at)
        SELECT '${ORDERS_PROJECTION}', $1::int, ${selected}, ${tried}, ${tried} FROM ${parked}
        ON CONFLICT (projection, generation, tenant_id, order_id, revision) DO UPDATE
        SET position = coalesce(excluded.position, q.position), event_id = coalesce(excluded.event_id, q.event_id),
          type = coalesce(excluded.type, q.type), kind = excluded.kind, reason = excluded.reason, tries = excluded.tries,
          first_tried_at = coalesce(q.first_tried_at, now()), last_tried_at = now(),
          next_try_at = excluded.next_try_at
        WHERE excluded.kind <> 'behind'),
      unparked AS (DELETE FROM ${into} q USING ${unparked}
        WHERE q.projection = '${ORDERS_PROJECTION}' AND q.generation = $1::int
          AND q.tenant_id = b.tenant_id AND q.order_id = b.order_id AND q.revision < b.below),`;
}

/** Readers of the feed may have passed the position of an event that is written now. */
function lateEvents(told: string): string {
  return `
      behind AS (SELECT tenant_id, order_id, revision FROM history WHERE ${told}::bool AND position <= (
        SELECT position FROM ${SHARED_SCHEMA}.checkpoints
        WHERE generation = $1::int AND projection = '${ORDERS_PROJECTION}')),
      locked AS MATERIALIZED (SELECT ${lockLateEvents} FROM (SELECT FROM behind LIMIT 1) b),
      noted AS (${noteLateEvents('behind e CROSS JOIN locked')}),`;
}

/**
 * The error text of PostgreSQL when a stored row is not older than the one to be written; nothing is written then.
 */
export const FOREIGN_WRITE = 'an order row is further than the batch that was to be written';

function names(columns: readonly BatchColumn[]): string {
  return columns.map(({ column: name }) => name).join(', ');
}

function updates(columns: readonly BatchColumn[]): string {
  return columns
    .filter(({ column: name }) => name !== 'tenant_id' && name !== 'order_id')
    .map(({ column: name }) => `${name} = excluded.${name}`)
    .join(', ');
}
