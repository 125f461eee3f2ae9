import { SHARED_SCHEMA } from '../schema.js';
import type { Migration } from './migration.js';

/** The last event that a relay took. It tells an event store that has lost it, and then went on, from its own. */
export const lastSent: Migration = {
  number: 9,
  name: 'last sent',
  expands: true,
  up: `ALTER TABLE ${SHARED_SCHEMA}.relays ADD COLUMN last_stream text, ADD COLUMN last_revision int,
    ADD COLUMN last_event_id uuid`,
  down: `ALTER TABLE ${SHARED_SCHEMA}.relays DROP COLUMN last_stream, DROP COLUMN last_revision,
    DROP COLUMN last_event_id`,
};
