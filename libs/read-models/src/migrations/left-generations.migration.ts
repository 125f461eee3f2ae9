import { SHARED_SCHEMA } from '../schema.js';
import type { Migration } from './migration.js';

const up = `
ALTER TABLE ${SHARED_SCHEMA}.active_generation ADD COLUMN gone_back_from int[] NOT NULL DEFAULT '{}';
`;

// The earlier release knows only of the previous one.
const down = `
SELECT ${SHARED_SCHEMA}.require(count(*) = 0,
    'a person has gone back from generation ' || min(g.id) || ', and an earlier release may flip to it: drop it first')
  FROM ${SHARED_SCHEMA}.active_generation a JOIN ${SHARED_SCHEMA}.generations g ON g.id = ANY (a.gone_back_from)
  WHERE g.state = 'ready' AND g.id <> a.generation AND NOT (a.chosen AND g.id = a.previous);
ALTER TABLE ${SHARED_SCHEMA}.active_generation DROP COLUMN gone_back_from;`;

/**
 * The generations that a person flipped away from, and not to again: no projector flips to them. `previous` and `chosen`
 * say so only until the next flip. Dropped ones may be among them: their numbers are not given again.
 */
export const leftGenerations: Migration = { number: 8, name: 'left generations', expands: true, up, down };
