import type pg from 'pg';
import { createGeneration, type Generation } from '#read-models/generations/generation.js';
import { Child } from './child.js';
import type { FilledLog } from './filled-log.js';
import type { RebuildReport } from './rebuild-process.js';

export interface BuiltRows {
  readonly generation: Generation;
  readonly report: RebuildReport;
}

/** Builds all rows of a log in bulk into a new generation, in a separate process. */
export async function buildRows(
  { eventStoreUrl, postgresUrl }: FilledLog,
  pool: pg.Pool,
  indexPrefix: string | null,
): Promise<BuiltRows> {
  const generation = await createGeneration(pool, { indexPrefix, madeBy: 'replay', bulk: true });
  const child = new Child('./rebuild-process.js', {
    args: [eventStoreUrl, postgresUrl, String(generation.id)],
  });
  const report = await child.told<RebuildReport>();
  await child.ended();
  return { generation, report };
}
