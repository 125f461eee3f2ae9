import { SHARED_SCHEMA } from '../schema.js';
import type { Migration } from './migration.js';

const up = `
CREATE TABLE ${SHARED_SCHEMA}.stretches (
  -- Whose rows were written.
  generation int NOT NULL,
  -- Of the owner that wrote them; 0: the build that filled the tables before there was one.
  token bigint NOT NULL,
  name uuid NOT NULL,
  -- The last write number before it.
  after_seq bigint NOT NULL,
  -- How far the orders projection was before it; -1: nowhere. Of the same commits as the rows: a sequence may be 32
  -- numbers ahead of what a failover kept.
  after_position bigint NOT NULL,
  begun_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (generation, token)
);`;

/**
 * What the owners of `orders` wrote, one after the other. A database that was restored to an earlier moment gives
 * write numbers a second time, but no name of a stretch: so an index that has rows of before is told by it.
 */
export const stretches: Migration = {
  number: 11,
  name: 'stretches',
  expands: true,
  up,
  down: `DROP TABLE ${SHARED_SCHEMA}.stretches`,
};
