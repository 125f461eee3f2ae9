import { createHash } from 'node:crypto';
import { summaryColumns } from './order-summary.js';
import { SEARCH_INDEX_DEFINITION } from './search/elasticsearch/index-definition.js';
import { quarantineDdl } from './shared-tables/quarantine.js';
import type { SearchEngine } from './search/search-engine.js';
import { leasesDdl } from './shared-tables/leases.js';

/** Raised by hand when rows change their meaning while the tables stay as they are: old rows are then rebuilt. */
const DEFINITION_VERSION = 1;

/** Schema of what all generations share. */
export const SHARED_SCHEMA = 'orderlog';

/** The channel on which each checkpoint is told, as `<generation>:<projection>:<position>`, when it commits. */
export const CHECKPOINT_CHANNEL = 'orderlog_checkpoint';

/** The channel on which a change of the active generation is told, as its id. */
export const GENERATION_CHANNEL = 'orderlog_generation';

/** Creates what all generations share; changes nothing that is there. */
export const sharedDdl = `
CREATE SCHEMA IF NOT EXISTS ${SHARED_SCHEMA};
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE TABLE IF NOT EXISTS ${SHARED_SCHEMA}.generations (
  id int PRIMARY KEY,
  schema_name text NOT NULL UNIQUE,
  fingerprint text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE ${SHARED_SCHEMA}.generations ADD COLUMN IF NOT EXISTS search_index text;
CREATE TABLE IF NOT EXISTS ${SHARED_SCHEMA}.active_generation (
  "only" bool PRIMARY KEY DEFAULT true CHECK ("only"),
  generation int NOT NULL REFERENCES ${SHARED_SCHEMA}.generations
);
CREATE TABLE IF NOT EXISTS ${SHARED_SCHEMA}.checkpoints (
  generation int NOT NULL REFERENCES ${SHARED_SCHEMA}.generations,
  projection text NOT NULL,
  position bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (generation, projection)
);
-- Of \`search\`: rows of orders up to here are in the index.
ALTER TABLE ${SHARED_SCHEMA}.checkpoints ADD COLUMN IF NOT EXISTS write_seq bigint;
-- Which event store a projection reads: positions of another mean nothing to it. Generation 0: of no generation.
CREATE TABLE IF NOT EXISTS ${SHARED_SCHEMA}.made_from (
  generation int NOT NULL,
  projection text NOT NULL,
  store_id uuid NOT NULL,
  PRIMARY KEY (generation, projection)
);
${quarantineDdl}-- How far order events are in a topic of Kafka: another topic or cluster gets all of them.
CREATE TABLE IF NOT EXISTS ${SHARED_SCHEMA}.relays (
  cluster_id text NOT NULL,
  topic text NOT NULL,
  position bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (cluster_id, topic)
);
${leasesDdl}
CREATE OR REPLACE FUNCTION ${SHARED_SCHEMA}.require(condition bool, otherwise text) RETURNS void
LANGUAGE plpgsql AS $$ BEGIN IF NOT condition THEN RAISE EXCEPTION '%', otherwise; END IF; END $$;`;

// The C collation compares bytes: prefix searches can use the index, and no locale upgrade breaks it.
const sqlTypes = { text: 'text COLLATE "C"', 'text[]': 'text[] COLLATE "C"' } as const;

const summaryDdl = summaryColumns
  .map(({ column, type, nullable }) => {
    const sqlType = type === 'text' || type === 'text[]' ? sqlTypes[type] : type;
    return `  ${column} ${sqlType}${nullable ? '' : ' NOT NULL'}`;
  })
  .join(',\n');

/** The read tables of one generation; what it is searched in decides about some of them. */
export function generationDdl(schema: string, engine: SearchEngine): string {
  return `${ordersDdl(schema)}${historyDdl(schema)}${engine === 'postgres' ? searchDdl(schema) : indexFeedDdl(schema)}`;
}

const ordersDdl = (schema: string) => `
CREATE SCHEMA ${schema};
CREATE TABLE ${schema}.orders (
${summaryDdl},
  document json NOT NULL,
  personal json NOT NULL,
  PRIMARY KEY (tenant_id, order_id)
);
CREATE INDEX orders_placed ON ${schema}.orders (tenant_id, placed_at, order_id);
CREATE INDEX orders_customer ON ${schema}.orders (tenant_id, customer_id, placed_at, order_id);
CREATE INDEX orders_status ON ${schema}.orders (tenant_id, status, placed_at, order_id);
CREATE INDEX orders_payment_status ON ${schema}.orders (tenant_id, payment_status, placed_at, order_id);
CREATE INDEX orders_fulfilment_status ON ${schema}.orders (tenant_id, fulfilment_status, placed_at, order_id);
CREATE INDEX orders_return_status ON ${schema}.orders (tenant_id, return_status, placed_at, order_id);
CREATE INDEX orders_country ON ${schema}.orders (tenant_id, country, placed_at, order_id);
CREATE INDEX orders_number ON ${schema}.orders (tenant_id, number);
CREATE INDEX orders_reference ON ${schema}.orders (tenant_id, reference);
`;

const historyDdl = (schema: string) => `
CREATE TABLE ${schema}.order_history (
  position bigint NOT NULL,
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
${summaryDdl},
  PRIMARY KEY (tenant_id, order_id, revision)
);
CREATE INDEX order_history_position ON ${schema}.order_history (tenant_id, position);
-- An event that another follows at the same instant was never the latest: no moment shows it.
CREATE INDEX order_history_occurred ON ${schema}.order_history (tenant_id, placed_at, order_id, occurred_at)
  WHERE occurred_until IS NULL OR occurred_until > occurred_at;
CREATE INDEX order_history_recorded ON ${schema}.order_history (tenant_id, placed_at, order_id, recorded_at)
  WHERE recorded_until IS NULL OR recorded_until > recorded_at;
`;

const searchDdl = (schema: string) => `
CREATE TABLE ${schema}.order_search (
  tenant_id text COLLATE "C" NOT NULL,
  order_id uuid NOT NULL,
  revision int NOT NULL,
  words tsvector NOT NULL,
  skus text[] COLLATE "C" NOT NULL,
  phrases text COLLATE "C" NOT NULL,
  personal json NOT NULL,
  PRIMARY KEY (tenant_id, order_id)
);
-- A search reads what is pending entry by entry, so little may be (kB).
CREATE INDEX order_search_words ON ${schema}.order_search USING gin (words) WITH (gin_pending_list_limit = 512);
CREATE INDEX order_search_email ON ${schema}.order_search (tenant_id, (personal ->> 'email'))
  WHERE personal ->> 'email' IS NOT NULL;
CREATE INDEX order_search_names ON ${schema}.order_search
  USING gin (to_tsvector('simple'::regconfig, personal ->> 'names'))
  WHERE personal ->> 'names' IS NOT NULL;

CREATE TABLE ${schema}.search_words (
  tenant_id text COLLATE "C" NOT NULL,
  word text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant_id, word)
);
CREATE INDEX search_words_trigrams ON ${schema}.search_words USING gin (word gin_trgm_ops) WITH (gin_pending_list_limit = 512);
`;

// Every write of a row takes the next number: who reads rows in that order from where it is misses none. The one
// owner writes one transaction after the other, so a number never becomes visible before a smaller one.
// What an order is found by is kept ready made: it seldom changes, and documents are written with every change.
const indexFeedDdl = (schema: string) => `
CREATE SEQUENCE ${schema}.write_seq;
ALTER TABLE ${schema}.orders ADD COLUMN write_seq bigint NOT NULL;
CREATE UNIQUE INDEX orders_write_seq ON ${schema}.orders (write_seq);
CREATE TABLE ${schema}.order_search (
  tenant_id text COLLATE "C" NOT NULL,
  order_id uuid NOT NULL,
  revision int NOT NULL,
  found_by json NOT NULL,
  personal json NOT NULL,
  PRIMARY KEY (tenant_id, order_id)
);
`;

/** Which generations this release writes and can read, by what they are searched in. */
export const readModelFingerprints: Readonly<Record<SearchEngine, string>> = {
  postgres: fingerprintOf(generationDdl('generation', 'postgres')),
  elasticsearch: fingerprintOf(`${generationDdl('generation', 'elasticsearch')}\n${SEARCH_INDEX_DEFINITION}`),
};

function fingerprintOf(definition: string): string {
  return createHash('sha256').update(`${DEFINITION_VERSION}\n${definition}`).digest('hex');
}
