import type pg from 'pg';
import { requireActiveGeneration, type Generation } from '#read-models/generations/generation.js';
import { withPostgres } from './postgres.js';

export interface OpenReadModels {
  readonly pool: pg.Pool;
  readonly generation: Generation;
}

/** @throws NoReadModels */
export function withReadModels<T>(
  postgresUrl: string,
  read: (readModels: OpenReadModels) => Promise<T>,
): Promise<T> {
  return withPostgres(postgresUrl, 'orderctl', async (pool) => {
    return read({ pool, generation: await requireActiveGeneration(pool) });
  });
}
