import { afterEach, describe, expect, it } from '@jest/globals';
import { brokenTree, type BrokenTree } from './seeded-bugs/broken-tree.js';
import { commandBugs } from './seeded-bugs/command-bugs.js';
import { failedTests } from './seeded-bugs/failed-tests.js';
import { leaseBugs } from './seeded-bugs/lease-bugs.js';

const bugs = [...commandBugs, ...leaseBugs];
const LIMIT_MS = 120_000;

describe('a bug is seen by its test', () => {
  let tree: BrokenTree | null = null;
  afterEach(async () => {
    await tree?.remove();
    tree = null;
  });

  it.each(bugs)(
    '$name',
    async (bug) => {
      tree = await brokenTree(bug.changes, true);
      const failed = await failedTests(tree.folder, bug);
      expect(failed).toContainEqual(expect.stringContaining(bug.test));
    },
    LIMIT_MS,
  );

  it(
    'and the same tests pass where there is none',
    async () => {
      tree = await brokenTree([], true);
      const files = new Map(bugs.map(({ project, file }) => [file, { project, file, test: '' }]));
      for (const all of files.values()) expect(await failedTests(tree.folder, all)).toEqual([]);
    },
    5 * LIMIT_MS,
  );
});
