import { createHash } from 'node:crypto';
import { generationDdl } from './generation-ddl.js';
import { SEARCH_INDEX_DEFINITION } from './search/elasticsearch/index-definition.js';
import { quarantineDdl } from './shared-tables/quarantine.js';
import type { SearchEngine } from './search/search-engine.js';
import { SHARED_SCHEMA } from './shared-schema.js';
import { generationsTable } from './shared-tables/generations-table.js';
import { leasesDdl } from './shared-tables/leases.js';
import { replaysDdl } from './shared-tables/replays.js';

export { CHECKPOINT_CHANNEL, GENERATION_CHANNEL, SHARED_SCHEMA } from './shared-schema.js';

/** Raised by hand when rows change their meaning while the tables stay as they are: old rows are then rebuilt. */
const DEFINITION_VERSION = 1;

/** Creates what all generations share; changes nothing that is there. */
export const sharedDdl = `
CREATE SCHEMA IF NOT EXISTS ${SHARED_SCHEMA};
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE TABLE IF NOT EXISTS ${SHARED_SCHEMA}.generations (
  id int PRIMARY KEY,
  schema_name text NOT NULL UNIQUE,
  fingerprint text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE ${SHARED_SCHEMA}.generations ADD COLUMN IF NOT EXISTS search_index text;
CREATE TABLE IF NOT EXISTS ${SHARED_SCHEMA}.active_generation (
  "only" bool PRIMARY KEY DEFAULT true CHECK ("only"),
  generation int NOT NULL REFERENCES ${SHARED_SCHEMA}.generations
);
${generationsTable}
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
${replaysDdl}CREATE OR REPLACE FUNCTION ${SHARED_SCHEMA}.require(condition bool, otherwise text) RETURNS void
LANGUAGE plpgsql AS $$ BEGIN IF NOT condition THEN RAISE EXCEPTION '%', otherwise; END IF; END $$;`;

/** Which generations this release writes and can read, by what they are searched in. */
export const readModelFingerprints: Readonly<Record<SearchEngine, string>> = {
  postgres: fingerprintOf(generationDdl('generation', 'postgres')),
  elasticsearch: fingerprintOf(`${generationDdl('generation', 'elasticsearch')}\n${SEARCH_INDEX_DEFINITION}`),
};

function fingerprintOf(definition: string): string {
  return createHash('sha256').update(`${DEFINITION_VERSION}\n${definition}`).digest('hex');
}
