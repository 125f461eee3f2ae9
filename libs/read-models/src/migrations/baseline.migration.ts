import { createMissingSchema } from '#platform/postgres.js';
import { SHARED_SCHEMA } from '../schema.js';
import type { Migration } from './migration.js';

/** What release 0.1.0 ran at every start. Each statement changes nothing where it was run before. */
const up = `
${createMissingSchema(SHARED_SCHEMA)};
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
-- What could not be applied, and waits for a person or a later try. Generation 0: of no generation.
CREATE TABLE IF NOT EXISTS ${SHARED_SCHEMA}.quarantine (
  projection text NOT NULL,
  generation int NOT NULL,
  tenant_id text COLLATE "C" NOT NULL,
  order_id uuid NOT NULL,
  revision int NOT NULL,
  position bigint,
  reason text NOT NULL,
  parked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (projection, generation, tenant_id, order_id, revision)
);
-- How far order events are in a topic of Kafka: another topic or cluster gets all of them.
CREATE TABLE IF NOT EXISTS ${SHARED_SCHEMA}.relays (
  cluster_id text NOT NULL,
  topic text NOT NULL,
  position bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (cluster_id, topic)
);
CREATE OR REPLACE FUNCTION ${SHARED_SCHEMA}.require(condition bool, otherwise text) RETURNS void
LANGUAGE plpgsql AS $$ BEGIN IF NOT condition THEN RAISE EXCEPTION '%', otherwise; END IF; END $$;`;

export const baseline: Migration = { number: 1, name: 'baseline', expands: true, up, down: null };
