import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type pg from 'pg';
import { createPool } from '#platform/postgres.js';
import { isAway } from '#projections/engine/interruptions.js';
import { Wakeup } from '#projections/engine/wakeup.js';
import { activate } from '#read-models/activate-generation.js';
import { markReady } from '#read-models/generation-states.js';
import {
  activeGeneration,
  createGeneration,
  prepareGeneration,
  type Generation,
} from '#read-models/generations.js';
import { place, tags, WrittenOrder } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';

jest.setTimeout(2 * ENGINES_MS);

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
    const flip = activate(pool, next, { chosen: true, refresh }).catch((error: unknown) => error);
    await standing.wait(ENGINES_MS);
    expect(calls).toBe(2);
    await order.does(tags('held up'));
    await bench.caughtUp(running).finally(() => going.wake());
    expect(isAway(await flip)).toBe(true);
    expect((await activeGeneration(bench.pool))?.id).toBe(running.projector.generation!.id);
    expect(await activate(pool, next, { chosen: true })).toBe('flipped');
  });
});
