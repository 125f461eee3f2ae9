import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { checkpointOf } from '#read-models/checkpoints.js';
import { activate, type Generation } from '#read-models/generations.js';
import { SEARCH_PROJECTION } from '#read-models/orders.projection.js';
import { isAway } from './interruptions.js';

const LOOK_EVERY_MS = 100;

/**
 * Lets queries be answered from a generation as soon as its index, where it has one, is as far as the
 * position that its rows have reached; waits for that however long.
 * @returns whether it was done: not when the signal aborts before
 */
export async function activateWhenSearchable(
  pool: pg.Pool,
  generation: Generation,
  position: bigint,
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted) {
    try {
      if (await isSearchable(pool, generation, position)) {
        await activate(pool, generation);
        return true;
      }
    } catch (error) {
      if (!isAway(error)) throw error;
    }
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => {}); // aborted: the loop ends
  }
  return false;
}

async function isSearchable(
  pool: pg.Pool,
  { id, searchIndex }: Generation,
  position: bigint,
): Promise<boolean> {
  if (searchIndex === null) return true; // searched in tables that are written with the rows
  return ((await checkpointOf(pool, id, SEARCH_PROJECTION)) ?? -1n) >= position;
}
