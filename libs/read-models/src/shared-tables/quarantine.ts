/** Schema of what all generations share; written out here so that `schema.ts` can take this in. */
const SCHEMA = 'orderlog';

/** The channel on which a request to the owner of a projection is told, as the request's id. */
export const QUARANTINE_CHANNEL = 'orderlog_quarantine';

/**
 * What could not be applied and waits, what is left out on a person's word, and who asked for what. Skips belong to
 * no generation: each that is built leaves the same events out. Changes nothing that is there.
 */
export const quarantineDdl = `
-- What could not be applied, and waits for a person or a later try. Generation 0: of no generation.
CREATE TABLE IF NOT EXISTS ${SCHEMA}.quarantine (
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
-- null: of an event that its stream lacks, or of a document, which is of no single event.
ALTER TABLE ${SCHEMA}.quarantine ADD COLUMN IF NOT EXISTS event_id uuid;
ALTER TABLE ${SCHEMA}.quarantine ADD COLUMN IF NOT EXISTS type text;
-- permanent, transient, or behind: it waits for an earlier event of its order, and was not tried.
ALTER TABLE ${SCHEMA}.quarantine ADD COLUMN IF NOT EXISTS kind text NOT NULL DEFAULT 'permanent';
ALTER TABLE ${SCHEMA}.quarantine ADD COLUMN IF NOT EXISTS tries int NOT NULL DEFAULT 1;
ALTER TABLE ${SCHEMA}.quarantine ADD COLUMN IF NOT EXISTS first_tried_at timestamptz DEFAULT now();
ALTER TABLE ${SCHEMA}.quarantine ADD COLUMN IF NOT EXISTS last_tried_at timestamptz DEFAULT now();
-- null: not before a person asks for it, or another release starts.
ALTER TABLE ${SCHEMA}.quarantine ADD COLUMN IF NOT EXISTS next_try_at timestamptz;

-- Events that a projection leaves out on a person's word; they take their revision all the same.
CREATE TABLE IF NOT EXISTS ${SCHEMA}.skips (
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
CREATE TABLE IF NOT EXISTS ${SCHEMA}.quarantine_actions (
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
CREATE INDEX IF NOT EXISTS quarantine_actions_open ON ${SCHEMA}.quarantine_actions (projection, generation)
  WHERE done_at IS NULL;
CREATE INDEX IF NOT EXISTS quarantine_actions_order ON ${SCHEMA}.quarantine_actions (order_id)
  WHERE order_id IS NOT NULL;
`;
