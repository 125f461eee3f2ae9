import { SHARED_SCHEMA } from '../schema.js';
import type { Migration } from './migration.js';

const up = `
CREATE TABLE ${SHARED_SCHEMA}.replays (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  generation int NOT NULL,
  search_only bool NOT NULL,
  -- Orders compared at the end; null: all.
  sample int,
  -- Events a second at most; null: as many as there can be.
  throttle int,
  keep bool NOT NULL,
  asked text NOT NULL DEFAULT 'run',
  state text NOT NULL DEFAULT 'running',
  phase text NOT NULL DEFAULT 'loading',
  done bigint NOT NULL DEFAULT 0,
  total bigint,
  events bigint NOT NULL DEFAULT 0,
  -- Seconds of work in each phase, whatever the number of processes that did it.
  seconds jsonb NOT NULL DEFAULT '{}',
  error text,
  started_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz
);
-- One at a time.
CREATE UNIQUE INDEX replays_open ON ${SHARED_SCHEMA}.replays ((true)) WHERE ended_at IS NULL;
`;

/**
 * Builds of generations beside the active one, of which the last may be under way: what each was asked for, what it
 * is asked to do now, and how far it is. `asked`: run, pause or cancel. `state`: running, paused, done, failed,
 * cancelled.
 */
export const replays: Migration = {
  number: 5,
  name: 'replays',
  expands: true,
  up,
  down: `DROP TABLE ${SHARED_SCHEMA}.replays`,
};
