import type pg from 'pg';
import { createPool } from '#platform/postgres.js';
import { activeGeneration, type Generation } from '#read-models/generations.js';
import { CliError } from '../support/cli-error.js';

export interface ReadModels {
  readonly pool: pg.Pool;
  readonly generation: Generation;
}

/** @throws CliError when this release has no active generation. */
export function withReadModels<T>(
  postgresUrl: string,
  read: (readModels: ReadModels) => Promise<T>,
): Promise<T> {
  return withPool(postgresUrl, async (pool) => {
    const generation = await activeGeneration(pool);
    if (generation === null)
      throw new CliError('there are no read models of this release: start its projector, which builds them');
    return read({ pool, generation });
  });
}

export async function withPool<T>(
  postgresUrl: string,
  read: (pool: pg.Pool) => Promise<T>,
  { statementTimeoutMs = 0 } = {},
): Promise<T> {
  const pool = createPool(postgresUrl, { max: 2, applicationName: 'orderctl', statementTimeoutMs });
  try {
    return await read(pool);
  } finally {
    await pool.end();
  }
}
