import { SHARED_SCHEMA } from '../shared-schema.js';

/**
 * What is known of a generation beside its tables. `rows_of`: whose orders projection writes its rows; another one's
 * where only the index was made anew. `previous`: what a rollback goes back to. `chosen`: a person flipped, and
 * no projector flips back by itself.
 */
export const generationsTable = `
ALTER TABLE ${SHARED_SCHEMA}.generations DROP CONSTRAINT IF EXISTS generations_fingerprint_key;
ALTER TABLE ${SHARED_SCHEMA}.generations DROP CONSTRAINT IF EXISTS generations_schema_name_key;
ALTER TABLE ${SHARED_SCHEMA}.generations
  ADD COLUMN IF NOT EXISTS state text NOT NULL DEFAULT 'building',
  ADD COLUMN IF NOT EXISTS made_by text NOT NULL DEFAULT 'projector',
  ADD COLUMN IF NOT EXISTS rows_of int REFERENCES ${SHARED_SCHEMA}.generations,
  ADD COLUMN IF NOT EXISTS verified_at timestamptz,
  ADD COLUMN IF NOT EXISTS activated_at timestamptz,
  ADD COLUMN IF NOT EXISTS failure text;
ALTER TABLE ${SHARED_SCHEMA}.active_generation
  ADD COLUMN IF NOT EXISTS previous int REFERENCES ${SHARED_SCHEMA}.generations,
  ADD COLUMN IF NOT EXISTS chosen bool NOT NULL DEFAULT false;
-- Of an earlier release, which knew no states.
UPDATE ${SHARED_SCHEMA}.generations SET state = 'ready', activated_at = created_at
  WHERE activated_at IS NULL AND id = (SELECT generation FROM ${SHARED_SCHEMA}.active_generation);
UPDATE ${SHARED_SCHEMA}.generations SET state = 'set_aside', fingerprint = regexp_replace(fingerprint, '^set aside: \\d+ ', '')
  WHERE fingerprint LIKE 'set aside: %';`;
