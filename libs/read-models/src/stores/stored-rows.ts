import type pg from 'pg';
import { eventColumns } from '../event-columns.js';
import type { Generation } from '../generations/generation.js';
import { summaryColumns } from '../order-summary.js';
import { keyArrays, type OrderKey } from '../order-key.js';

/** Columns as node-postgres gives them: timestamps as Date, int8 as text. */
export type ColumnValues = Readonly<Record<string, unknown>>;

export interface HistoryValues extends ColumnValues {
  readonly revision: number;
  readonly data: string;
}

export interface SearchValues {
  readonly revision: number;
  readonly words: readonly string[];
  readonly skus: readonly string[];
  readonly phrases: readonly string[];
  readonly personal: string;
  /** Words of the row that the tenant's table of words lacks, numbers and references included. */
  readonly unknownWords: readonly string[];
}

/** What documents of an index are made of; JSON as the text that is stored. */
export interface IndexedValues {
  readonly revision: number;
  readonly foundBy: string;
  readonly personal: string;
}

/** All that the read models hold about one order, seen at one moment; JSON as the text that is stored. */
export interface StoredRows extends OrderKey {
  readonly revision: number;
  readonly summary: ColumnValues;
  readonly document: string;
  readonly personal: string;
  readonly history: readonly HistoryValues[];
  /** null: there is none; always so in a generation with an index. */
  readonly search: SearchValues | null;
  /** null: there is none; always so in a generation that is searched in its tables. */
  readonly indexed: IndexedValues | null;
}

const summaryNames = summaryColumns.map(({ column }) => column);
const columns = (alias: string, names: readonly string[]) =>
  names.map((name) => `${alias}.${name}`).join(', ');
const eventNames = eventColumns.map(({ column }) => column).filter((name) => name !== 'data');
const KEYS = 'unnest($1::text[], $2::uuid[]) AS k (tenant_id, order_id)';
const OF_KEY = (alias: string) => `${alias}.tenant_id = k.tenant_id AND ${alias}.order_id = k.order_id`;

/** Everything about the given orders in one snapshot; those without a row are left out. */
export async function loadRows(
  pool: pg.Pool,
  { schema, searchIndex }: Generation,
  keys: readonly OrderKey[],
): Promise<StoredRows[]> {
  const values = keyArrays(keys);
  return inSnapshot(pool, async (client) => {
    const orders = await client.query<ColumnValues & { document: string; personal: string }>(
      `SELECT ${columns('o', summaryNames)}, o.document::text, o.personal::text
       FROM ${KEYS} JOIN ${schema}.orders o ON ${OF_KEY('o')}`,
      values,
    );
    const history = await client.query<HistoryValues>(
      `SELECT ${columns('h', [...summaryNames, ...eventNames])}, h.data::text
       FROM ${KEYS} JOIN ${schema}.order_history h ON ${OF_KEY('h')} ORDER BY h.revision`,
      values,
    );
    const inTables = searchIndex === null;
    const search = inTables ? await loadSearchRows(client, schema, values) : [];
    const indexed = inTables ? [] : await loadIndexedRows(client, schema, values);
    const historyOf = groupBy(history.rows, keyOf);
    const searchOf = new Map(search.map((row) => [keyOf(row), row]));
    const indexedOf = new Map(indexed.map((row) => [keyOf(row), row]));
    return orders.rows.map(({ document, personal, ...summary }) => ({
      tenantId: summary['tenant_id'] as string,
      orderId: summary['order_id'] as string,
      revision: summary['revision'] as number,
      summary,
      document,
      personal,
      history: historyOf.get(keyOf(summary)) ?? [],
      search: searchOf.get(keyOf(summary)) ?? null,
      indexed: indexedOf.get(keyOf(summary)) ?? null,
    }));
  });
}

async function loadSearchRows(
  client: pg.PoolClient,
  schema: string,
  values: readonly unknown[],
): Promise<(ColumnValues & SearchValues)[]> {
  const { rows } = await client.query<ColumnValues & SearchValues>(
    `SELECT s.tenant_id, s.order_id, s.revision, tsvector_to_array(s.words) AS words, s.skus, s.personal::text,
       string_to_array(btrim(s.phrases), ' | ') AS phrases,
       ARRAY(SELECT lexeme FROM unnest(tsvector_to_array(s.words)) AS lexeme WHERE NOT EXISTS (
         SELECT FROM ${schema}.search_words w WHERE w.tenant_id = s.tenant_id AND w.word = lexeme COLLATE "C"
       )) AS "unknownWords"
     FROM ${KEYS} JOIN ${schema}.order_search s ON ${OF_KEY('s')}`,
    [...values],
  );
  return rows;
}

async function loadIndexedRows(
  client: pg.PoolClient,
  schema: string,
  values: readonly unknown[],
): Promise<(ColumnValues & IndexedValues)[]> {
  const { rows } = await client.query<ColumnValues & IndexedValues>(
    `SELECT s.tenant_id, s.order_id, s.revision, s.found_by::text AS "foundBy", s.personal::text
     FROM ${KEYS} JOIN ${schema}.order_search s ON ${OF_KEY('s')}`,
    [...values],
  );
  return rows;
}

async function inSnapshot<T>(pool: pg.Pool, read: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const result = await read(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

function keyOf(row: ColumnValues): string {
  return `${String(row['tenant_id'])}.${String(row['order_id'])}`;
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
