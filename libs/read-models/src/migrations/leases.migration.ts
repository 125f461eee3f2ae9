import { SHARED_SCHEMA } from '../schema.js';
import type { Migration } from './migration.js';

const up = `
CREATE TABLE ${SHARED_SCHEMA}.leases (
  generation int NOT NULL,
  projection text NOT NULL,
  token bigint NOT NULL,
  holder text,
  session_pid int,
  session_start timestamptz,
  asked_by text,
  expires_at timestamptz NOT NULL,
  state text NOT NULL,
  restarts int NOT NULL,
  last_error text,
  PRIMARY KEY (generation, projection),
  UNIQUE (generation, projection, token)
);`;

/**
 * Who may write a projection. `token` grows with each owner and is part of a key, so a takeover of a lease
 * conflicts with the transactions that hold its row (FOR KEY SHARE), while its renewal does not. Generation 0: of
 * no generation. `session_pid` and `session_start`: the owner's session. `asked_by`: who wants the lease handed
 * over. `state`, `restarts` and `last_error`: what the owner reports about itself.
 */
export const leases: Migration = {
  number: 3,
  name: 'leases',
  expands: true,
  up,
  down: `DROP TABLE ${SHARED_SCHEMA}.leases`,
};
