import { historyIndexes } from '../order-history-indexes.js';
import { summaryColumns } from '../order-summary.js';
import type { SearchEngine } from '../search/search-engine.js';

/** SQL that creates the tables of one generation with keys and indexes. Some of them depend on the search engine. */
export function generationDdl(schema: string, engine: SearchEngine): string {
  return [tablesDdl(schema, engine), ...indexStatements(schema, engine)].join(';\n');
}

/**
 * SQL that creates the schema and its tables, without keys and indexes: rows are loaded fastest that way
 * (docs/adr/0014).
 */
export function tablesDdl(schema: string, engine: SearchEngine): string {
  return [
    `CREATE SCHEMA ${schema}`,
    ...(engine === 'elasticsearch' ? [`CREATE SEQUENCE ${schema}.write_seq`] : []),
    ...tablesOf(engine).map((table) => `CREATE TABLE ${schema}.${table} (\n${columns[table](engine)}\n)`),
  ].join(';\n');
}

/**
 * SQL that creates keys and indexes. Each statement can be run by itself, and those of different tables at the
 * same time.
 */
export function indexStatements(schema: string, engine: SearchEngine): string[] {
  return tablesOf(engine).flatMap((table) => indexes[table](schema, engine));
}

type ReadTable = 'orders' | 'order_history' | 'order_search' | 'search_words';

/** The tables of a generation. An index of Elasticsearch knows its words by itself, so it needs no table of them. */
export function tablesOf(engine: SearchEngine): ReadTable[] {
  return engine === 'postgres'
    ? ['orders', 'order_history', 'order_search', 'search_words']
    : ['orders', 'order_history', 'order_search'];
}

// The C collation compares bytes: prefix searches can use the index, and no locale upgrade breaks it.
const sqlTypes = { text: 'text COLLATE "C"', 'text[]': 'text[] COLLATE "C"' } as const;

const summaryDdl = summaryColumns
  .map(({ column, type, nullable }) => {
    const sqlType = type === 'text' || type === 'text[]' ? sqlTypes[type] : type;
    return `  ${column} ${sqlType}${nullable ? '' : ' NOT NULL'}`;
  })
  .join(',\n');

const SEARCHED_HERE = `  words tsvector NOT NULL,
  skus text[] COLLATE "C" NOT NULL,
  phrases text COLLATE "C" NOT NULL`;

const columns: Readonly<Record<ReadTable, (engine: SearchEngine) => string>> = {
  // Every write of a row takes the next number: a follower that reads rows in that order misses none. The one
  // owner writes one transaction after the other, so a number never becomes visible before a smaller one.
  orders: (engine) => `${summaryDdl},
  document json NOT NULL,
  personal json NOT NULL${engine === 'elasticsearch' ? ',\n  write_seq bigint NOT NULL' : ''}`,
  order_history: () => `  position bigint NOT NULL,
  event_id uuid NOT NULL,
  type text NOT NULL,
  data json NOT NULL,
  command_id uuid NOT NULL,
  correlation_id text NOT NULL,
  causation_id text,
  actor_type text NOT NULL,
  actor_id text NOT NULL,
  occurred_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  occurred_until timestamptz,
  recorded_until timestamptz,
  told_name text COLLATE "C",
${summaryDdl}`,
  // For an index, what an order is found by is stored ready made: it seldom changes, while every change of an
  // order writes its document.
  order_search: (engine) => `  tenant_id text COLLATE "C" NOT NULL,
  order_id uuid NOT NULL,
  revision int NOT NULL,
${engine === 'postgres' ? SEARCHED_HERE : '  found_by json NOT NULL'},
  personal json NOT NULL`,
  search_words: () => `  tenant_id text COLLATE "C" NOT NULL,
  word text COLLATE "C" NOT NULL`,
};

const indexes: Readonly<Record<ReadTable, (schema: string, engine: SearchEngine) => string[]>> = {
  orders: (schema, engine) => [
    `ALTER TABLE ${schema}.orders ADD PRIMARY KEY (tenant_id, order_id)`,
    ...['customer_id', 'status', 'payment_status', 'fulfilment_status', 'return_status', 'country'].map(
      (column) =>
        `CREATE INDEX orders_${column.replace('_id', '')} ON ${schema}.orders (tenant_id, ${column}, placed_at, order_id)`,
    ),
    `CREATE INDEX orders_placed ON ${schema}.orders (tenant_id, placed_at, order_id)`,
    `CREATE INDEX orders_number ON ${schema}.orders (tenant_id, number)`,
    `CREATE INDEX orders_reference ON ${schema}.orders (tenant_id, reference)`,
    ...(engine === 'elasticsearch'
      ? [`CREATE UNIQUE INDEX orders_write_seq ON ${schema}.orders (write_seq)`]
      : []),
  ],
  order_history: historyIndexes,
  order_search: (schema, engine) => [
    `ALTER TABLE ${schema}.order_search ADD PRIMARY KEY (tenant_id, order_id)`,
    ...(engine === 'postgres' ? wordIndexes(schema) : []),
  ],
  search_words: (schema) => [
    `ALTER TABLE ${schema}.search_words ADD PRIMARY KEY (tenant_id, word)`,
    `CREATE INDEX search_words_trigrams ON ${schema}.search_words USING gin (word gin_trgm_ops) WITH (gin_pending_list_limit = 512)`,
  ],
};

// A search reads the pending list of an index entry by entry, so the list is kept short (kB).
const wordIndexes = (schema: string): string[] => [
  `CREATE INDEX order_search_words ON ${schema}.order_search USING gin (words) WITH (gin_pending_list_limit = 512)`,
  `CREATE INDEX order_search_email ON ${schema}.order_search (tenant_id, (personal ->> 'email'))
  WHERE personal ->> 'email' IS NOT NULL`,
  `CREATE INDEX order_search_names ON ${schema}.order_search
  USING gin (((personal ->> 'names')::tsvector))
  WHERE personal ->> 'names' IS NOT NULL`,
];
