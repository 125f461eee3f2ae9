import { leasesDdl } from '../shared-tables/leases.js';
import { quarantineDdl } from '../shared-tables/quarantine.js';
import { replaysDdl } from '../shared-tables/replays.js';
import { baseline } from './baseline.migration.js';
import { generations } from './generations.migration.js';
import type { Migration } from './migration.js';

const forgetQuarantine = `
SELECT orderlog.require(count(*) = 0, 'events are left out on a person''s word, which an earlier release would apply')
  FROM orderlog.skips;
DROP TABLE orderlog.quarantine_actions, orderlog.skips;
ALTER TABLE orderlog.quarantine DROP COLUMN event_id, DROP COLUMN type, DROP COLUMN kind, DROP COLUMN tries,
  DROP COLUMN first_tried_at, DROP COLUMN last_tried_at, DROP COLUMN next_try_at;`;

/** All that this release knows. What a release has made is made everywhere: only add. */
export const migrations: readonly Migration[] = [
  baseline,
  generations,
  { number: 3, name: 'leases', expands: true, up: leasesDdl, down: 'DROP TABLE orderlog.leases' },
  { number: 4, name: 'quarantine', expands: true, up: quarantineDdl, down: forgetQuarantine },
  { number: 5, name: 'replays', expands: true, up: replaysDdl, down: 'DROP TABLE orderlog.replays' },
];
