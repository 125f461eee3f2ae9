import { SHARED_SCHEMA } from '../schema.js';
import type { Migration } from './migration.js';

const up = `
CREATE TABLE ${SHARED_SCHEMA}.late_rows (
  -- Whose rows they are.
  generation int NOT NULL,
  tenant_id text COLLATE "C" NOT NULL,
  order_id uuid NOT NULL,
  -- Of the last late write of the order's row.
  write_seq bigint NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (generation, tenant_id, order_id)
);
`;

/**
 * Rows written behind the checkpoint, such as those of an order that was parked. An index that has reached the
 * checkpoint may still lack them.
 */
export const lateRows: Migration = {
  number: 6,
  name: 'late rows',
  expands: true,
  up,
  down: `DROP TABLE ${SHARED_SCHEMA}.late_rows`,
};
