import { SHARED_SCHEMA } from '../schema.js';
import type { Migration } from './migration.js';

const up = `
-- null: of an event that its stream lacks, or of a document, which is of no single event.
ALTER TABLE ${SHARED_SCHEMA}.quarantine ADD COLUMN event_id uuid;
ALTER TABLE ${SHARED_SCHEMA}.quarantine ADD COLUMN type text;
-- permanent, transient, or behind: it waits for an earlier event of its order, and was not tried.
ALTER TABLE ${SHARED_SCHEMA}.quarantine ADD COLUMN kind text NOT NULL DEFAULT 'permanent';
ALTER TABLE ${SHARED_SCHEMA}.quarantine ADD COLUMN tries int NOT NULL DEFAULT 1;
ALTER TABLE ${SHARED_SCHEMA}.quarantine ADD COLUMN first_tried_at timestamptz DEFAULT now();
ALTER TABLE ${SHARED_SCHEMA}.quarantine ADD COLUMN last_tried_at timestamptz DEFAULT now();
-- null: not before a person asks for it, or another release starts.
ALTER TABLE ${SHARED_SCHEMA}.quarantine ADD COLUMN next_try_at timestamptz;

-- Events that a projection leaves out on a person's word; they take their revision all the same.
CREATE TABLE ${SHARED_SCHEMA}.skips (
  projection text NOT NULL,
  tenant_id text COLLATE "C" NOT NULL,
  order_id uuid NOT NULL,
  revision int NOT NULL,
  reason text NOT NULL,
  who text NOT NULL,
  skipped_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (projection, tenant_id, order_id, revision)
);

-- What people asked the owner of a projection to do with what is parked, and what came of it.
CREATE TABLE ${SHARED_SCHEMA}.quarantine_actions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  projection text NOT NULL,
  generation int NOT NULL,
  action text NOT NULL CHECK (action IN ('retry', 'retry_all', 'skip')),
  tenant_id text COLLATE "C",
  order_id uuid,
  revision int,
  reason text,
  who text NOT NULL,
  asked_at timestamptz NOT NULL DEFAULT now(),
  -- The owner has seen it and is at it.
  taken_at timestamptz,
  done_at timestamptz,
  succeeded bool,
  outcome text
);
CREATE INDEX quarantine_actions_open ON ${SHARED_SCHEMA}.quarantine_actions (projection, generation)
  WHERE done_at IS NULL;
CREATE INDEX quarantine_actions_order ON ${SHARED_SCHEMA}.quarantine_actions (order_id)
  WHERE order_id IS NOT NULL;
`;

const down = `
SELECT ${SHARED_SCHEMA}.require(NOT EXISTS (SELECT FROM ${SHARED_SCHEMA}.skips),
    'people have decided to skip events, and an earlier release would apply them');
SELECT ${SHARED_SCHEMA}.require(
    NOT EXISTS (SELECT FROM ${SHARED_SCHEMA}.quarantine_actions WHERE action = 'skip' AND done_at IS NULL),
    'people have asked to skip events: have a projector of this release do it first');
DROP TABLE ${SHARED_SCHEMA}.skips;
DROP TABLE ${SHARED_SCHEMA}.quarantine_actions;
ALTER TABLE ${SHARED_SCHEMA}.quarantine
  DROP COLUMN event_id, DROP COLUMN type, DROP COLUMN kind, DROP COLUMN tries,
  DROP COLUMN first_tried_at, DROP COLUMN last_tried_at, DROP COLUMN next_try_at;`;

/**
 * What is known of a parked event, which events are skipped, and who asked for what. Skips belong to no
 * generation: every generation leaves the same events out.
 */
export const quarantine: Migration = {
  number: 4,
  name: 'quarantine',
  expands: true,
  up,
  down,
};
