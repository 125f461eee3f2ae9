import { SHARED_SCHEMA } from '../schema.js';
import type { Migration } from './migration.js';

/**
 * What is known of a generation besides its tables. `rows_of`: the generation whose orders projection writes its
 * rows, where only its index was made anew. `previous`: the generation that a rollback goes back to. `chosen`: a
 * person flipped, and no projector flips back by itself.
 */
const up = `
ALTER TABLE ${SHARED_SCHEMA}.generations DROP CONSTRAINT generations_fingerprint_key;
ALTER TABLE ${SHARED_SCHEMA}.generations DROP CONSTRAINT generations_schema_name_key;
ALTER TABLE ${SHARED_SCHEMA}.generations
  ADD COLUMN state text NOT NULL DEFAULT 'building',
  ADD COLUMN made_by text NOT NULL DEFAULT 'projector',
  ADD COLUMN rows_of int REFERENCES ${SHARED_SCHEMA}.generations,
  ADD COLUMN verified_at timestamptz,
  ADD COLUMN activated_at timestamptz,
  ADD COLUMN failure text;
ALTER TABLE ${SHARED_SCHEMA}.active_generation
  ADD COLUMN previous int REFERENCES ${SHARED_SCHEMA}.generations,
  ADD COLUMN chosen bool NOT NULL DEFAULT false;
-- Of an earlier release, which knew no states.
UPDATE ${SHARED_SCHEMA}.generations SET state = 'ready', activated_at = created_at
  WHERE activated_at IS NULL AND id = (SELECT generation FROM ${SHARED_SCHEMA}.active_generation);
UPDATE ${SHARED_SCHEMA}.generations SET state = 'set_aside', fingerprint = regexp_replace(fingerprint, '^set aside: \\d+ ', '')
  WHERE fingerprint LIKE 'set aside: %';`;

// The earlier release can know only one of several generations with one fingerprint: the others are set aside as
// that release does it.
const down = `
SELECT ${SHARED_SCHEMA}.require(count(*) = 0,
    'generation ' || min(id) || ' shares the tables of another one: drop one of the two first')
  FROM ${SHARED_SCHEMA}.generations WHERE rows_of IS NOT NULL AND state <> 'dropped';
DELETE FROM ${SHARED_SCHEMA}.generations WHERE state = 'dropped';
UPDATE ${SHARED_SCHEMA}.generations g SET fingerprint = 'set aside: ' || id || ' ' || fingerprint
  WHERE state IN ('set_aside', 'failed', 'dropping') OR id <> (
    SELECT o.id FROM ${SHARED_SCHEMA}.generations o
    WHERE o.fingerprint = g.fingerprint AND o.state NOT IN ('set_aside', 'failed', 'dropping')
    ORDER BY o.id = (SELECT generation FROM ${SHARED_SCHEMA}.active_generation) DESC, o.activated_at DESC NULLS LAST,
      o.id DESC LIMIT 1);
ALTER TABLE ${SHARED_SCHEMA}.active_generation DROP COLUMN previous, DROP COLUMN chosen;
ALTER TABLE ${SHARED_SCHEMA}.generations DROP COLUMN state, DROP COLUMN made_by, DROP COLUMN rows_of,
  DROP COLUMN verified_at, DROP COLUMN activated_at, DROP COLUMN failure,
  ADD CONSTRAINT generations_fingerprint_key UNIQUE (fingerprint),
  ADD CONSTRAINT generations_schema_name_key UNIQUE (schema_name);`;

/** Several generations of one release, what each is good for, and the way back. */
export const generations: Migration = { number: 2, name: 'generations', expands: true, up, down };
