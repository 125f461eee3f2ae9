import { describe, expect, it } from '@jest/globals';
import { changedSources } from '../chaos/seeded-bugs/broken-tree.js';
import { seededBugs } from '../chaos/seeded-bugs/bugs.js';
import { commandBugs } from '../chaos/seeded-bugs/command-bugs.js';
import { trustBugs } from '../chaos/seeded-bugs/trust-bugs.js';
import { indexBugs, topicBugs } from '../chaos/seeded-bugs/engine-bugs.js';
import { followerBugs } from '../chaos/seeded-bugs/follower-bugs.js';
import { leaseBugs } from '../chaos/seeded-bugs/lease-bugs.js';
import { moneyBugs } from '../chaos/seeded-bugs/money-bugs.js';

const ALL = [
  ...seededBugs,
  ...commandBugs,
  ...indexBugs,
  ...topicBugs,
  ...followerBugs,
  ...leaseBugs,
  ...moneyBugs,
  ...trustBugs,
];

describe('every seeded bug', () => {
  // The suites that plant them take long: this says at once that a line they change is another one now.
  it.each(ALL.map(({ name, changes }) => [name, changes] as const))(
    'changes lines that are there, once: %s',
    async (_name, changes) => {
      const changed = await changedSources(changes);
      expect([...changed.keys()].sort()).toEqual([...new Set(changes.map(({ file }) => file))].sort());
    },
  );
});
