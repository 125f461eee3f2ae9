import { SHARED_SCHEMA } from '../schema.js';
import type { Migration } from './migration.js';

/**
 * The ends of the relay's topic by partition, with all that was sent: a topic that ends below was made anew. An earlier
 * release leaves them as they are, which is true for longer: ends only grow.
 */
export const topicEnds: Migration = {
  number: 10,
  name: 'topic ends',
  expands: true,
  up: `ALTER TABLE ${SHARED_SCHEMA}.relays ADD COLUMN ends bigint[]`,
  down: `ALTER TABLE ${SHARED_SCHEMA}.relays DROP COLUMN ends`,
};
