import { leasesDdl } from '../shared-tables/leases.js';
import { replaysDdl } from '../shared-tables/replays.js';
import { baseline } from './baseline.migration.js';
import { generations } from './generations.migration.js';
import type { Migration } from './migration.js';
import { quarantine } from './quarantine.migration.js';

/** All that this release knows. What a release has made is made everywhere: only add. */
export const migrations: readonly Migration[] = [
  baseline,
  generations,
  { number: 3, name: 'leases', expands: true, up: leasesDdl, down: 'DROP TABLE orderlog.leases' },
  quarantine,
  { number: 5, name: 'replays', expands: true, up: replaysDdl, down: 'DROP TABLE orderlog.replays' },
];
