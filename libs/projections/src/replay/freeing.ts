import type { Client } from '@elastic/elasticsearch';
import type pg from 'pg';
import { dropGeneration, IndexLeft, type DropOptions } from '#read-models/generations/drop-generation.js';
import {
  listGenerations,
  superseded,
  type GenerationRecord,
} from '#read-models/generations/generation-list.js';
import type { Generation } from '#read-models/generations/generation.js';
import { messageOf } from '../engine/interruptions.js';

export interface Freeing {
  readonly pool: pg.Pool;
  readonly elasticsearch: Client | null;
  /** Ends the waiting for queries under way. */
  readonly signal: AbortSignal;
  readonly onNote?: (line: string) => void;
}

/** Drops the tables, index and checkpoints of a generation, once queries under way on it are answered. */
export async function freeGeneration(
  pool: pg.Pool,
  { id }: Pick<Generation, 'id'>,
  elasticsearch: Client | null,
  waiting: Omit<DropOptions, 'removeIndex'> = {},
): Promise<void> {
  await dropGeneration(pool, id, {
    ...waiting,
    removeIndex:
      elasticsearch && ((index) => elasticsearch.indices.delete({ index, ignore_unavailable: true })),
  });
}

/**
 * Drops as much of a generation as can be now; nothing depends on it, and a line tells what is left.
 * @returns whether it is gone
 */
export async function freeIfPossible(one: Pick<Generation, 'id'>, freeing: Freeing): Promise<boolean> {
  const { pool, elasticsearch, signal, onNote } = freeing;
  let isBusy = false;
  const onBusy = () => {
    if (!isBusy) onNote?.(`waiting until the queries under way on generation ${one.id} are answered`);
    isBusy = true;
  };
  try {
    await freeGeneration(pool, one, elasticsearch, { signal, onBusy });
    return true;
  } catch (error) {
    const why = signal.aborted ? 'stopped before that' : messageOf(error);
    const left = `generation ${one.id} was not dropped (${why}): drop it with \`orderctl generations drop ${one.id}\``;
    onNote?.(error instanceof IndexLeft ? error.message : left);
    return false;
  }
}

/** Drops all that flips left behind, except the generation that a rollback goes back to. @returns which are gone */
export function freeSuperseded(freeing: Freeing): Promise<number[]> {
  return freeAll(superseded, freeing);
}

/**
 * Drops what a replay left that died before it was noted, or could not drop all it had built.
 * @returns which are gone
 */
export function freeForgotten(freeing: Freeing): Promise<number[]> {
  return freeAll((generations) => generations.filter(isForgotten), freeing);
}

async function freeAll(
  which: (generations: readonly GenerationRecord[]) => readonly GenerationRecord[],
  freeing: Freeing,
): Promise<number[]> {
  const freed: number[] = [];
  for (const one of which(await listGenerations(freeing.pool)))
    if (await freeIfPossible(one, freeing)) freed.push(one.id);
  return freed;
}

function isForgotten({ madeBy, ofThisRelease, state }: GenerationRecord): boolean {
  if (madeBy !== 'replay') return false;
  return state === 'dropping' || (ofThisRelease && (state === 'building' || state === 'failed'));
}
