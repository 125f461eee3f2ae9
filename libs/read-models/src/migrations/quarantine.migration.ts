import { SHARED_SCHEMA } from '../schema.js';
import { quarantineDdl } from '../shared-tables/quarantine.js';
import type { Migration } from './migration.js';

const down = `
SELECT ${SHARED_SCHEMA}.require(NOT EXISTS (SELECT FROM ${SHARED_SCHEMA}.skips),
    'people have decided to skip events, and an earlier release would apply them');
DROP TABLE ${SHARED_SCHEMA}.skips;
DROP TABLE ${SHARED_SCHEMA}.quarantine_actions;
ALTER TABLE ${SHARED_SCHEMA}.quarantine
  DROP COLUMN IF EXISTS event_id, DROP COLUMN IF EXISTS type, DROP COLUMN IF EXISTS kind, DROP COLUMN IF EXISTS tries,
  DROP COLUMN IF EXISTS first_tried_at, DROP COLUMN IF EXISTS last_tried_at, DROP COLUMN IF EXISTS next_try_at;`;

/** What is known of a parked event, which events are left out, and who asked for what. */
export const quarantine: Migration = {
  number: 4,
  name: 'quarantine',
  expands: true,
  up: quarantineDdl,
  down,
};
