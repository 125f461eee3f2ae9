import type { Client } from '@elastic/elasticsearch';
import type pg from 'pg';
import { dropGeneration } from '#read-models/drop-generation.js';
import { listGenerations, superseded, type GenerationRecord } from '#read-models/generation-list.js';
import type { Generation } from '#read-models/generations.js';

/** Its tables, index and checkpoints go; queries that are under way on it are answered first. */
export async function freeGeneration(
  pool: pg.Pool,
  { id }: Pick<Generation, 'id'>,
  elasticsearch: Client | null,
): Promise<void> {
  await dropGeneration(pool, id, {
    removeIndex:
      elasticsearch && ((index) => elasticsearch.indices.delete({ index, ignore_unavailable: true })),
  });
}

/** All that a flip leaves behind but the generation that a rollback goes back to. @returns which */
export async function freeSuperseded(pool: pg.Pool, elasticsearch: Client | null): Promise<number[]> {
  const left = superseded(await listGenerations(pool));
  for (const one of left) await freeGeneration(pool, one, elasticsearch);
  return left.map(({ id }) => id);
}

/** What a replay left that died before it was noted, or that could not drop all it had built. @returns which */
export async function freeForgotten(pool: pg.Pool, elasticsearch: Client | null): Promise<number[]> {
  const left = (await listGenerations(pool)).filter(isForgotten);
  for (const one of left) await freeGeneration(pool, one, elasticsearch);
  return left.map(({ id }) => id);
}

function isForgotten({ madeBy, ofThisRelease, state }: GenerationRecord): boolean {
  if (madeBy !== 'replay') return false;
  return state === 'dropping' || (ofThisRelease && (state === 'building' || state === 'failed'));
}
