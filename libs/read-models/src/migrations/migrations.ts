import { baseline } from './baseline.migration.js';
import { generations } from './generations.migration.js';
import { lastSent } from './last-sent.migration.js';
import { lateEvents } from './late-events.migration.js';
import { lateRows } from './late-rows.migration.js';
import { leases } from './leases.migration.js';
import { leftGenerations } from './left-generations.migration.js';
import type { Migration } from './migration.js';
import { quarantine } from './quarantine.migration.js';
import { replays } from './replays.migration.js';
import { stretches } from './stretches.migration.js';
import { topicEnds } from './topic-ends.migration.js';

/** All migrations of this release. A released migration has been made in databases already: only add new ones. */
export const migrations: readonly Migration[] = [
  baseline,
  generations,
  leases,
  quarantine,
  replays,
  lateRows,
  lateEvents,
  leftGenerations,
  lastSent,
  topicEnds,
  stretches,
];
