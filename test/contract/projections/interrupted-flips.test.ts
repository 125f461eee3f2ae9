import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type pg from 'pg';
import { createPool } from '#platform/postgres.js';
import { isAway } from '#projections/engine/interruptions.js';
import { Wakeup } from '#projections/engine/wakeup.js';
import { CannotFlip, flipTo, rollback } from '#projections/generations/flip.js';
import { tryFlip } from '#read-models/generations/try-flip.js';
import { markReady } from '#read-models/generations/generation-states.js';
import {
  activeGeneration,
  createGeneration,
  prepareGeneration,
  type Generation,
} from '#read-models/generations/generation.js';
import { testPool } from '../../support/database.js';
import { place, tags, WrittenOrder } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { replayOn } from '../../support/replays.js';
import { startTcpProxy, through, type TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

jest.setTimeout(2 * ENGINES_MS);

/** One order in generation 1, which is active, and in generation 2, which is ready; both are kept. */
async function twoGenerations(bench: ProjectionBench): Promise<void> {
  const order = new WrittenOrder(bench.eventStore);
  await order.does(place(order));
  await bench.caughtUp(bench.start());
  const second = await createGeneration(bench.pool, { indexPrefix: null, madeBy: 'replay' });
  await bench.caughtUp(bench.start({ generation: async () => second }));
  await markReady(bench.pool, second);
}

describe('a flip that stands still in the middle', () => {
  let bench: ProjectionBench;
  let pool: pg.Pool;
  let order: WrittenOrder;
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    pool = createPool(bench.postgresUrl, { max: 1, applicationName: 'tests', statementTimeoutMs: 0 });
    order = new WrittenOrder(bench.eventStore);
    await order.does(place(order));
  });
  afterEach(async () => {
    await pool.end();
    await bench.close();
  });

  /** Of the same rows, with an index that has all that there will be. */
  async function another(rowsOf: Generation): Promise<Generation> {
    const made = await createGeneration(bench.pool, { indexPrefix: 'test', madeBy: 'replay', rowsOf });
    await markReady(bench.pool, made);
    await bench.rows(
      `INSERT INTO orderlog.checkpoints (generation, projection, position, write_seq) VALUES ($1, 'search', 9000000000000000, 0)`,
      [made.id],
    );
    return made;
  }

  it('lets go of the rows it holds, changes nothing, and is made later', async () => {
    const running = bench.start({ generation: (db) => prepareGeneration(db, 'test') });
    await bench.caughtUp(running);
    const next = await another(running.projector.generation!);
    const standing = new Wakeup();
    const going = new Wakeup();
    let calls = 0;
    const refresh = async () => {
      if (++calls === 1) return; // nothing is held yet
      standing.wake();
      await going.wait(ENGINES_MS);
    };
    const flip = tryFlip(pool, next, { chosen: true, refresh }).catch((error: unknown) => error);
    await standing.wait(ENGINES_MS);
    expect(calls).toBe(2);
    await order.does(tags('held up'));
    await bench.caughtUp(running).finally(() => going.wake());
    expect(isAway(await flip)).toBe(true);
    expect((await activeGeneration(bench.pool))?.id).toBe(running.projector.generation!.id);
    expect(await tryFlip(pool, next, { chosen: true })).toBe('flipped');
  });
});

describe('a flip, where a lock is held for longer than it waits', () => {
  let bench: ProjectionBench;
  let holder: pg.PoolClient;
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    await twoGenerations(bench);
    holder = await bench.pool.connect();
    await holder.query('BEGIN; SELECT FROM orderlog.active_generation FOR UPDATE');
  });
  afterEach(async () => {
    holder.release(true);
    await bench.close();
  });

  const flip = (tell: (line: string) => void, patienceMs = ENGINES_MS) =>
    flipTo({ pool: bench.pool, elasticsearch: null, patienceMs, tell }, 2);

  it('is made once that is let go of', async () => {
    const told: string[] = [];
    const letGo: Promise<unknown>[] = [];
    const flipped = await flip((line) => {
      told.push(line);
      letGo.push(holder.query('ROLLBACK'));
    });
    await Promise.all(letGo);
    expect(flipped).toMatchObject({ generation: 2, previous: 1 });
    expect(told[0]).toMatch(/^waiting: another flip, or a long write/);
  });

  it('ends with a line that says so, and changes nothing', async () => {
    const flipped = flip(() => {}, 1);
    await expect(flipped).rejects.toThrow(CannotFlip);
    await expect(flipped).rejects.toThrow(
      /\(for \d+ s now\): nothing was changed, run the same command again$/,
    );
    expect((await activeGeneration(bench.pool))?.id).toBe(1);
  });

  it('is waited for by a replay, which says so once', async () => {
    const told: string[] = [];
    const letGo: Promise<unknown>[] = [];
    const onNote = (line: string) => {
      told.push(line);
      if (line.startsWith('waiting: another flip')) letGo.push(holder.query('ROLLBACK'));
    };
    const { previous } = await replayOn(bench, { onNote });
    await Promise.all(letGo);
    expect([previous, told.filter((line) => line.startsWith('waiting: '))]).toEqual([1, [told[0]]]);
    expect(told[0]).toMatch(/^waiting: another flip/);
  });
});

describe('a rollback that loses its connection as it ends', () => {
  let bench: ProjectionBench;
  let proxy: TcpProxy;
  let pool: pg.Pool;
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    await twoGenerations(bench);
    await flipTo({ pool: bench.pool, elasticsearch: null, patienceMs: ENGINES_MS }, 2);
    proxy = await startTcpProxy(Number(new URL(bench.postgresUrl).port));
    pool = testPool(through(proxy, bench.postgresUrl), 3);
  });
  afterEach(async () => {
    await pool.end();
    await proxy.close();
    await bench.close();
  });

  const activeId = async () => (await activeGeneration(bench.pool))?.id;
  const rollingBack = () => rollback({ pool, elasticsearch: null, patienceMs: ENGINES_MS });
  /** @param lose is given what sends the COMMIT, and loses the connection before that is answered */
  function atCommit(lose: (commit: () => Promise<unknown>) => Promise<unknown>): void {
    pool.on('connect', (client) => {
      const query = client.query.bind(client) as (...asked: unknown[]) => unknown;
      const losing = (...asked: unknown[]) =>
        asked[0] === 'COMMIT' ? lose(async () => query('COMMIT')) : query(...asked);
      client.query = losing as pg.PoolClient['query'];
    });
  }

  it('is done where PostgreSQL has done it, so that nobody asks again, which would go forward', async () => {
    atCommit(async (commit) => {
      proxy.holdAnswers();
      const committing = commit();
      committing.catch(() => {}); // awaited below
      await until('it is done', async () => (await activeId()) === 1);
      proxy.cut();
      proxy.passAnswers();
      return committing;
    });
    expect(await rollingBack()).toMatchObject({ generation: 1, previous: 2 });
    expect(await activeId()).toBe(1);
  });

  it('says that nobody knows where it may be done yet, and what tells', async () => {
    atCommit((commit) => {
      proxy.cut();
      return commit();
    });
    const failing = rollingBack();
    await expect(failing).rejects.toBeInstanceOf(CannotFlip);
    await expect(failing).rejects.toThrow(
      /not known whether generation 1 was activated: `orderctl generations list` says so$/,
    );
    expect(await activeId()).toBe(2);
  });
});
