import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type pg from 'pg';
import { tryFlip } from '#read-models/generations/try-flip.js';
import { markReady } from '#read-models/generations/generation-states.js';
import { activeGeneration, createGeneration } from '#read-models/generations/generation.js';
import { testPool } from '../../support/database.js';
import { place, WrittenOrder } from '../../support/order-streams.js';
import { startTestQuerySystem, type TestQuerySystem } from '../../support/query-api.js';
import { until } from '../../support/until.js';

// Whole systems start here, on a machine that may be busy with others.
jest.setTimeout(120_000);

describe('when another generation becomes active', () => {
  let system: TestQuerySystem;
  let db: pg.Pool;

  beforeAll(async () => {
    system = await startTestQuerySystem();
    for (let count = 0; count < 3; count++) {
      const order = new WrittenOrder(system.eventStore);
      await order.does(place(order));
    }
    system.startProjector();
    await system.caughtUp();
    await system.stopProjector();
    db = testPool(system.postgresUrl, 2);
  });
  afterAll(async () => {
    await db.end();
    await system.close();
  });

  it('is read from at once, without a failing query, and cursors stay good', async () => {
    const first = await system.ask('/v1/orders?limit=2');
    const cursor = String(first.body['nextCursor']);
    const before = (await activeGeneration(db))!;
    const next = await createGeneration(db, { indexPrefix: null, madeBy: 'replay' });
    await db.query(
      `INSERT INTO orderlog.checkpoints (generation, projection, position)
       SELECT $1, projection, position FROM orderlog.checkpoints WHERE generation = $2`,
      [next.id, before.id],
    );
    await markReady(db, next);
    await db.query(`INSERT INTO gen_2.orders SELECT * FROM ${before.schema}.orders`);

    const statuses: number[] = [];
    let flipped = false;
    const reading = (async () => {
      while (!flipped) statuses.push((await system.ask('/v1/orders')).status);
    })();
    expect(await tryFlip(db, next, { chosen: true })).toBe('flipped');
    await db.query(`DROP SCHEMA ${before.schema} CASCADE`);
    await db.query(`DELETE FROM gen_2.orders WHERE order_id = $1`, [
      (first.body['items'] as { orderId: string }[])[0]!.orderId,
    ]);
    await until('the new generation is read', async () => {
      const { body } = await system.ask('/v1/orders');
      return (body['items'] as unknown[]).length === 2;
    });
    flipped = true;
    await reading;
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    const second = await system.ask(`/v1/orders?limit=2&cursor=${cursor}`);
    expect([second.status, (second.body['items'] as unknown[]).length]).toEqual([200, 1]);
  });
});
