import { SHARED_SCHEMA } from '../schema.js';
import type { Migration } from './migration.js';

const up = `
CREATE TABLE ${SHARED_SCHEMA}.late_events (
  tenant_id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  order_id uuid NOT NULL,
  revision int NOT NULL,
  PRIMARY KEY (tenant_id, seq)
);
CREATE SEQUENCE ${SHARED_SCHEMA}.late_events_seq;
SELECT setval('${SHARED_SCHEMA}.late_events_seq', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
`;

/**
 * Events that became visible behind positions which readers of the feed may have passed, such as those of an order
 * that was parked. They belong to no generation: readers go on across flips.
 */
export const lateEvents: Migration = {
  number: 7,
  name: 'late events',
  expands: true,
  up,
  down: `DROP TABLE ${SHARED_SCHEMA}.late_events; DROP SEQUENCE ${SHARED_SCHEMA}.late_events_seq`,
};
