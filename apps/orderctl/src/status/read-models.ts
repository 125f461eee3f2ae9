import type pg from 'pg';
import { activeGeneration, type Generation } from '#read-models/generations/generation.js';
import { CliError } from '../support/cli-error.js';
import { withPostgres } from '../support/postgres.js';

export interface OpenReadModels {
  readonly pool: pg.Pool;
  readonly generation: Generation;
}

/** @throws CliError when this release has no active generation. */
export function withReadModels<T>(
  postgresUrl: string,
  read: (readModels: OpenReadModels) => Promise<T>,
): Promise<T> {
  return withPostgres(postgresUrl, 'orderctl', async (pool) => {
    const generation = await activeGeneration(pool);
    if (generation === null)
      throw new CliError('there are no read models of this release: start its projector, which builds them');
    return read({ pool, generation });
  });
}
