import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { brokenTree, type BrokenTree } from './broken-tree.js';
import { failedTests, type TestedBug } from './failed-tests.js';
import { inTurn } from './in-turn.js';

const LIMIT_MS = 120_000;
/** What tests need besides the built files. */
const COPIED = ['apps', 'libs', 'test', 'jest.config.mjs'];

/**
 * Adds a test for each bug: the test named for the bug fails. A last test shows that all these tests pass without
 * a bug.
 */
export function bugsAreSeen(all: readonly TestedBug[]): void {
  const bugs = inTurn(all);
  // One tree for all bugs: Jest caches transformed files by their path and content.
  let tree: BrokenTree;
  beforeAll(async () => {
    tree = await brokenTree({ copied: COPIED });
  }, LIMIT_MS);
  afterAll(() => tree.remove());

  it.each(bugs)(
    '$name',
    async (bug) => {
      await tree.change(bug.changes);
      const failed = await failedTests(tree.folder, { ...bug, files: [bug.file], tests: [bug.test] });
      expect(failed).toContainEqual(expect.stringContaining(bug.test));
    },
    LIMIT_MS,
  );

  it(
    'and the same tests pass where there is none',
    async () => {
      await tree.change([]);
      for (const project of new Set(bugs.map((bug) => bug.project))) {
        const ofProject = bugs.filter((bug) => bug.project === project);
        const files = [...new Set(ofProject.map(({ file }) => file))];
        const tests = ofProject.map(({ test }) => test);
        expect(await failedTests(tree.folder, { project, files, tests })).toEqual([]);
      }
    },
    5 * LIMIT_MS,
  );
}
