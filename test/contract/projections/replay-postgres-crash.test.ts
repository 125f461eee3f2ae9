import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { activeGeneration } from '#read-models/generations/generation.js';
import type { ReplayPhase } from '#read-models/stores/replays.store.js';
import { RestartablePostgres } from '../../chaos/system/restartable-postgres.js';
import { note, place, tags, WrittenOrder } from '../../support/order-streams.js';
import { ProjectionBench } from '../../support/projections.js';
import { liveOn, replayOn, rowsThatDiffer } from '../../support/replays.js';

// A server of its own is made, and recovers, on a machine that does much else.
jest.setTimeout(180_000);
const DATABASE = 'read_models';

describe('a replay whose PostgreSQL crashes', () => {
  let folder: string;
  let postgres: RestartablePostgres;
  let bench: ProjectionBench;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orderlog-crash-'));
    postgres = await RestartablePostgres.start(folder);
    await postgres.createDatabase(DATABASE);
    bench = await ProjectionBench.open(async () => ({ url: postgres.url(DATABASE), drop: async () => {} }));
    const orders = Array.from({ length: 20 }, () => new WrittenOrder(bench.eventStore));
    for (const order of orders) await order.does(place(order, 3));
    for (const order of orders) await order.isFulfilled();
    for (const order of orders) await order.does(tags('late'), note('came late'));
    await liveOn(bench);
  });
  afterEach(async () => {
    await bench.close();
    await postgres.down('fast');
    await rm(folder, { recursive: true });
  });

  /** Replays, with a crash as soon as that was told: the replay is held until PostgreSQL is back. */
  async function crashedWhen(
    isMet: (phase: ReplayPhase, done: number) => boolean,
    before: () => Promise<unknown> = async () => {},
  ) {
    let crash: Promise<unknown> | null = null;
    const phasesSince: ReplayPhase[] = [];
    const crashes = async () => {
      await before();
      await postgres.down('crash');
      await postgres.up();
    };
    const replayed = await replayOn(bench, {
      // The throttle is where it can be held.
      request: { throttle: 1 },
      clock: { now: () => 0, wait: async () => void (await crash) },
      onProgress: ({ phase, done }) => {
        if (crash === null && isMet(phase, done)) crash = crashes();
        else if (crash !== null && phasesSince.at(-1) !== phase) phasesSince.push(phase);
      },
    });
    expect(crash).not.toBeNull();
    return { ...replayed, phasesSince };
  }

  // Commits of a build are not waited for until they are on disk: a crash takes the last of them.
  it.each([
    ['all', true],
    ['hardly any', false],
  ])(
    'goes on while it loads where %s of its build is left, rows and checkpoint alike',
    async (_, isOnDisk) => {
      const { generation, replay, phasesSince } = await crashedWhen(
        (phase, done) => phase === 'loading' && done > 0,
        async () => void (isOnDisk && (await bench.pool.query('CHECKPOINT'))),
      );
      expect(phasesSince[0]).toBe('loading');
      expect(generation.id).toBe(2);
      expect(replay).toMatchObject({ state: 'done', events: 180 });
      expect(await rowsThatDiffer(bench, 'gen_1', 'gen_2')).toEqual([]);
    },
  );

  it.each(['finishing', 'verifying'] as const)('goes on to the flip while it is %s', async (met) => {
    const { generation, verified } = await crashedWhen((phase) => phase === met);
    expect(verified).toMatchObject({ orders: 20, differenceCount: 0 });
    expect(await activeGeneration(bench.pool)).toMatchObject({ id: generation.id });
    expect(generation.id).toBe(2);
    expect(await rowsThatDiffer(bench, 'gen_1', 'gen_2')).toEqual([]);
  });
});
