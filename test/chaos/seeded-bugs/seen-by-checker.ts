import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, it } from '@jest/globals';
import type { Violation } from '../checker/violations.js';
import { runRound } from '../round.js';
import type { ChaosSystem } from '../system/chaos-system.js';
import { brokenTree, type BrokenTree } from './broken-tree.js';
import { BUG_ROUND_MS, type SeededBug } from './bugs.js';
import { inTurn } from './in-turn.js';

const LIMIT_MS = 600_000;
const TREE_LIMIT_MS = 60_000;
/** A bug shows only when the workload meets it; another seed gives it another chance. */
const ROUNDS_MAX = 3;
/** Number of commands by which most bugs have shown. */
const ENOUGH = 150;
/** At its usual pace, the provider takes seconds for a capture, in which thousands of commands are done. */
const PROVIDER_PACE = 10;

/**
 * For each bug, runs chaos rounds until the checker finds the violation that the bug is caught as.
 * @param settleLimitMs how long the projections may take to reach the end of the log
 */
export function bugsAreSeenThrough(seed: string, bugs: readonly SeededBug[], settleLimitMs: number): void {
  let tree: BrokenTree;
  let system: ChaosSystem | null = null;
  const cleanups: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    tree = await brokenTree({ besides: true });
  }, TREE_LIMIT_MS);
  afterAll(() => tree.remove());
  afterEach(async () => {
    system?.abandon();
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });

  it.each(inTurn(bugs.map((bug, number) => ({ ...bug, number }))))(
    '$name: $caughtAs',
    async ({ number, changes, faults, twice = false, enough = ENOUGH, caughtAs, says }) => {
      await tree.change(changes);
      const others: Violation[] = [];
      for (let round = 0; round < ROUNDS_MAX; round++) {
        const folder = await mkdtemp(join(tmpdir(), 'orderlog-chaos-'));
        await chmod(folder, 0o711);
        cleanups.push(() => rm(folder, { recursive: true, force: true }));
        const { violations } = await runRound({
          ...{ seed: `${seed}-${number}.${round}`, forMs: BUG_ROUND_MS, enough, folder, tree: tree.folder },
          ...{ elasticsearch: null, kafka: null, instances: twice ? 2 : 1, settleLimitMs },
          providerPace: PROVIDER_PACE,
          faults: () => faults,
          onSystem: (started) => (system = started),
        });
        if (violations.some(({ invariant, what }) => invariant === caughtAs && says.test(what))) return;
        others.push(...violations);
      }
      throw new Error(`it is not found in ${ROUNDS_MAX} rounds, but ${JSON.stringify(others.slice(0, 20))}`);
    },
    LIMIT_MS,
  );
}
