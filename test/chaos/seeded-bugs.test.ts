import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { runRound } from './round.js';
import { brokenTree } from './seeded-bugs/broken-tree.js';
import { BUG_ROUND_MS, seededBugs } from './seeded-bugs/bugs.js';
import type { ChaosSystem } from './system/chaos-system.js';

const LIMIT_MS = 300_000;
/** Commands done, by which each bug has come to light. */
const ENOUGH = 150;
/** A broken projection may never come to the end of the log. */
const SETTLE_LIMIT_MS = 15_000;

describe('a system with a bug is seen through', () => {
  let system: ChaosSystem | null = null;
  const cleanups: (() => Promise<void>)[] = [];
  afterEach(async () => {
    system?.abandon();
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });

  it.each(seededBugs.map((bug, number) => ({ ...bug, number })))(
    '$name: $caughtAs',
    async ({ number, changes, faults, twice = false, caughtAs, says }) => {
      const tree = await brokenTree(changes);
      const folder = await mkdtemp(join(tmpdir(), 'orderlog-chaos-'));
      await chmod(folder, 0o711);
      cleanups.push(tree.remove, () => rm(folder, { recursive: true, force: true }));
      const { violations } = await runRound({
        ...{ seed: `bug-${number}`, forMs: BUG_ROUND_MS, enough: ENOUGH, folder, tree: tree.folder },
        ...{ elasticsearch: null, kafka: null, instances: twice ? 2 : 1, settleLimitMs: SETTLE_LIMIT_MS },
        faults: () => faults,
        onSystem: (started) => (system = started),
      });
      const found = violations.filter(({ invariant, what }) => invariant === caughtAs && says.test(what));
      expect({
        found: found.length > 0,
        violations: found.length > 0 ? [] : violations.slice(0, 20),
      }).toEqual({
        found: true,
        violations: [],
      });
    },
    LIMIT_MS,
  );
});
