import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { dropGeneration } from '#read-models/generations/drop-generation.js';
import { markReady } from '#read-models/generations/generation-states.js';
import { createGeneration, prepareGeneration, type Generation } from '#read-models/generations/generation.js';
import { parkedOrders } from '#read-models/stores/quarantine.store.js';
import { SearchProgressStore } from '#read-models/stores/search-progress.store.js';
import { beginStretch } from '#read-models/stores/stretches.js';
import { freshDatabase, testPool } from '../../support/database.js';
import { takeLease } from '../../support/leases.js';

const ORDER = { tenantId: 'default', orderId: '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a12' };

describe('an index whose rows another one is fed from', () => {
  let pool: pg.Pool;
  let drop: () => Promise<void>;
  beforeEach(async () => {
    const database = await freshDatabase();
    drop = database.drop;
    pool = testPool(database.url, 2);
  });
  afterEach(async () => {
    await pool.end();
    await drop();
  });

  /** What the owner of its index writes. */
  async function follows(generation: Generation, writeSeq: bigint, refused = false): Promise<void> {
    const token = await takeLease(pool, { generation: generation.id, projection: 'search' });
    const documents = refused ? [{ ...ORDER, revision: 3, reason: 'refused' }] : [];
    await new SearchProgressStore(pool, generation).advance(token, { position: 9n, writeSeq }, documents, []);
  }

  it('leaves nothing behind when it is dropped, so that late rows of the other one are forgotten as ever', async () => {
    const first = await prepareGeneration(pool, 'test');
    const next = await createGeneration(pool, { indexPrefix: 'test', madeBy: 'replay', rowsOf: first });
    await markReady(pool, next);
    await takeLease(pool, { generation: first.id, projection: 'orders' });
    await pool.query(
      `INSERT INTO orderlog.checkpoints (generation, projection, position) VALUES (1, 'orders', 9)`,
    );
    await follows(first, 5n, true);
    await follows(next, 8n);
    await pool.query(`UPDATE orderlog.active_generation SET generation = $1`, [next.id]);
    await pool.query(
      `INSERT INTO orderlog.late_rows (generation, tenant_id, order_id, write_seq, written_at)
       VALUES ($1, $2, $3, 7, now() - interval '2 minutes')`,
      [first.id, ORDER.tenantId, ORDER.orderId],
    );

    await dropGeneration(pool, first.id, { removeIndex: async () => {} });

    const left = (table: string) =>
      pool.query(`SELECT projection FROM orderlog.${table} WHERE generation = 1`);
    for (const table of ['checkpoints', 'leases'])
      expect((await left(table)).rows).toEqual([{ projection: 'orders' }]);
    expect(await parkedOrders(pool)).toEqual([]);
    await follows(next, 8n);
    expect((await pool.query('SELECT FROM orderlog.late_rows')).rowCount).toBe(0);
  });

  it('leaves the stretches of the rows to the other one, which takes them along', async () => {
    const first = await prepareGeneration(pool, 'test');
    const next = await createGeneration(pool, { indexPrefix: 'test', madeBy: 'replay', rowsOf: first });
    const token = await takeLease(pool, { generation: first.id, projection: 'orders' });
    await beginStretch(pool, first, token);
    await beginStretch(pool, first, token);
    const kept = async () => {
      const { rows } = await pool.query<object>('SELECT generation, after_seq FROM orderlog.stretches');
      return rows;
    };
    const removeIndex = async () => {};
    await pool.query(`UPDATE orderlog.active_generation SET generation = $1`, [next.id]);
    await dropGeneration(pool, first.id, { removeIndex });
    expect(await kept()).toEqual([{ generation: first.id, after_seq: '0' }]);

    const last = await createGeneration(pool, { indexPrefix: 'test', madeBy: 'replay' });
    await pool.query(`UPDATE orderlog.active_generation SET generation = $1`, [last.id]);
    await dropGeneration(pool, next.id, { removeIndex });
    expect(await kept()).toEqual([]);
  });
});
