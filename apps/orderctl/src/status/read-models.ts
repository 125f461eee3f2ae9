import type pg from 'pg';
import { createPool } from '#platform/postgres.js';
import { activeGeneration, type Generation } from '#read-models/generations.js';
import { CliError } from '../support/cli-error.js';

export interface ReadModels {
  readonly pool: pg.Pool;
  readonly generation: Generation;
}

/** @throws CliError when there are none that this release can read. */
export async function withReadModels<T>(
  postgresUrl: string,
  read: (readModels: ReadModels) => Promise<T>,
): Promise<T> {
  const pool = createPool(postgresUrl, { max: 2, applicationName: 'orderctl', statementTimeoutMs: 0 });
  try {
    const generation = await activeGeneration(pool);
    if (generation === null)
      throw new CliError('there are no read models of this release: start a projector');
    return await read({ pool, generation });
  } finally {
    await pool.end();
  }
}
