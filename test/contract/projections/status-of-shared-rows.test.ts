import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type pg from 'pg';
import { createPool } from '#platform/postgres.js';
import {
  activeGeneration,
  createGeneration,
  prepareGeneration,
} from '#read-models/generations/generation.js';
import { storedProjections } from '../../../apps/orderctl/src/status/projections.js';
import { freshDatabase } from '../../support/database.js';
import { ENGINES_MS } from '../../support/projections.js';

jest.setTimeout(ENGINES_MS);

const ORDER = '00000000-0000-4000-8000-000000000000';

describe('orderctl status, where only the index was made anew', () => {
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await freshDatabase();
    pool = createPool(database.url, { max: 2, applicationName: 'test', statementTimeoutMs: 0 });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('tells of the projection that writes the rows, and of what it has parked, though nobody owns it', async () => {
    const rows = await prepareGeneration(pool, 'test');
    const index = await createGeneration(pool, { indexPrefix: 'test', madeBy: 'replay', rowsOf: rows });
    await pool.query(
      `UPDATE orderlog.generations SET state = 'ready', activated_at = now() WHERE id = ${index.id}`,
    );
    await pool.query(`UPDATE orderlog.active_generation SET generation = ${index.id}`);
    await pool.query(
      `INSERT INTO orderlog.checkpoints (generation, projection, position)
       VALUES ($1, 'orders', 7), ($1, 'search', 5), ($2, 'search', 6)`,
      [rows.id, index.id],
    );
    await pool.query(
      `INSERT INTO orderlog.quarantine (generation, projection, tenant_id, order_id, revision, reason, kind, tries)
       VALUES ($1, 'orders', 'default', $2, 0, 'as it is', 'permanent', 1)`,
      [rows.id, ORDER],
    );
    const told = await storedProjections({ pool, generation: (await activeGeneration(pool))! });
    expect(
      told.map(({ generation, projection, position, parked }) => [
        generation,
        projection,
        position,
        parked.orders,
      ]),
    ).toEqual([
      [index.id, 'search', 6n, 0],
      [rows.id, 'orders', 7n, 1],
    ]);
  });
});
