import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { brokenTree, type BrokenTree } from './broken-tree.js';
import { failedTests, type TestedBug } from './failed-tests.js';

const LIMIT_MS = 120_000;
/** What tests need besides what is built. */
const COPIED = ['apps', 'libs', 'test', 'jest.config.mjs'];

/** For each bug a test that the one named for it fails; and one that all those pass where there is none. */
export function bugsAreSeen(bugs: readonly TestedBug[]): void {
  // One for all: what Jest has transformed it finds again by its place and its content.
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
