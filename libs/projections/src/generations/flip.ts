import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@elastic/elasticsearch';
import type pg from 'pg';
import { isUnavailable } from '#platform/postgres.js';
import { tryFlip, type FlipResult } from '#read-models/generations/try-flip.js';
import { listGenerations, type GenerationRecord } from '#read-models/generations/generation-list.js';
import { OrdersShownOlder } from '#read-models/generations/orders-shown-older.js';
import { refreshIn } from '#read-models/search/elasticsearch/refresh-in.js';
import { isIndexMissing } from '#read-models/search/elasticsearch/requests.js';
import { messageOf } from '../engine/interruptions.js';
import { withParkedTriedAgain, whyNotFlipped } from '../quarantine/try-parked-again.js';
import { lostIndex } from '../search/lost-index.js';

export interface ChosenFlipOptions {
  /** Two connections are used. */
  readonly pool: pg.Pool;
  /** null: none is configured. */
  readonly elasticsearch: Client | null;
  /** How long to wait for a generation that makes no progress. */
  readonly patienceMs: number;
  /** @param place where the generation is, in words */
  readonly onWaiting?: (place: string, wanted: bigint) => void;
  /** Receives a line for the person who waits. */
  readonly tell?: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface Flipped {
  readonly generation: number;
  /** What a rollback goes back to. */
  readonly previous: number | null;
  /** How far the rows of the generation were after the flip; null: nothing was ever written. */
  readonly position: bigint | null;
}

/** Why a generation cannot be flipped to, and what helps. */
export class CannotFlip extends Error {}

const LOOK_EVERY_MS = 50;
const HELP =
  'see `orderctl quarantine show` of the order; once the cause is gone, run the same command again';

export const LOCKED = 'another flip, or a long write to the active generation, is under way';

/** Goes back to the generation that was active before, in one step. @throws CannotFlip */
export async function rollback(options: ChosenFlipOptions): Promise<Flipped> {
  const previous = (await listGenerations(options.pool)).find(({ role }) => role === 'previous');
  if (!previous) throw new CannotFlip('there is no previous generation to go back to');
  return flipTo(options, previous.id);
}

/** What to do where a generation has an index and nobody said where that is; null: nothing is missing. */
export function missingElasticsearch(
  { id, searchIndex }: Pick<GenerationRecord, 'id' | 'searchIndex'>,
  elasticsearch: Client | null,
): string | null {
  if (searchIndex === null || elasticsearch !== null) return null;
  return `generation ${id} has the index ${searchIndex}: give the address of Elasticsearch with --elasticsearch-url`;
}

/**
 * Flips to that generation. Waits until it has what the active one had at the start, for as long as it makes progress;
 * the flip itself takes a moment. If it has parked events that the active one applied, all that it has parked
 * is tried again there once, before a second and last try.
 *
 * @throws CannotFlip
 */
export async function flipTo(options: ChosenFlipOptions, id: number): Promise<Flipped> {
  const { pool, elasticsearch } = options;
  const generation = canBeActive(await listGenerations(pool), id);
  if (generation.role === 'active') throw new CannotFlip(`generation ${id} is active already`);
  const missing = missingElasticsearch(generation, elasticsearch);
  if (missing !== null) throw new CannotFlip(missing);
  try {
    const flips = () => flipOnceLevel(options, generation);
    await withParkedTriedAgain(pool, generation, flips, options);
  } catch (error) {
    throw error instanceof OrdersShownOlder ? new CannotFlip(`${whyNotFlipped(error)}; ${HELP}`) : error;
  }
  const now = await listGenerations(pool);
  return {
    generation: id,
    previous: now.find(({ role }) => role === 'previous')?.id ?? null,
    position: now.find((one) => one.id === id)?.position ?? null,
  };
}

async function flipOnceLevel(options: ChosenFlipOptions, generation: GenerationRecord): Promise<void> {
  const { patienceMs, tell, signal } = options;
  /** Since when the lock could not be had; null: the last try had it. */
  let lockedMs: number | null = null;
  for (;;) {
    await drawnLevel(options, generation.id);
    const triedMs = performance.now();
    const flip = await flipOnce(options, generation);
    if (flip === 'locked') {
      lockedMs ??= triedMs;
      const waitedMs = performance.now() - lockedMs;
      if (waitedMs >= patienceMs) {
        throw new CannotFlip(
          `${LOCKED} (for ${Math.round(waitedMs / 1_000)} s now): nothing was changed, run the same command again`,
        );
      }
      tell?.(`waiting: ${LOCKED}`);
    } else if (flip === 'behind') lockedMs = null;
    else return;
    signal?.throwIfAborted();
  }
}

/**
 * Tries once. Where its answer is lost, the flip may have been made: whoever is told that it failed asks again, and a
 * second rollback goes forward again.
 */
async function flipOnce(
  { pool, elasticsearch }: ChosenFlipOptions,
  generation: GenerationRecord,
): Promise<FlipResult> {
  try {
    return await tryFlip(pool, generation, { chosen: true, refresh: refreshIn(elasticsearch) });
  } catch (error) {
    if (isIndexMissing(error)) throw new CannotFlip(lostIndex(generation), { cause: error });
    if (!isUnavailable(error)) throw error;
    const known = await listGenerations(pool).catch(() => []);
    if (known.some(({ id, role }) => id === generation.id && role === 'active')) return 'flipped';
    throw new CannotFlip(
      `the connection to PostgreSQL was lost (${messageOf(error)}), so it is not known whether generation ${generation.id} was activated: \`orderctl generations list\` says so`,
      { cause: error },
    );
  }
}

function canBeActive(generations: readonly GenerationRecord[], id: number): GenerationRecord {
  const generation = generations.find((one) => one.id === id);
  if (!generation) {
    throw new CannotFlip(`there is no generation ${id}, only ${generations.map((one) => one.id).join(', ')}`);
  }
  if (!generation.ofThisRelease) {
    throw new CannotFlip(
      `generation ${id} is of another release: only the query-api of that release can read it; start its projector and query-api`,
    );
  }
  if (generation.state !== 'ready') {
    const why = generation.failure === null ? '' : ` (${generation.failure})`;
    throw new CannotFlip(
      `generation ${id} is ${generation.state.replace('_', ' ')}${why}: only a generation that is ready can become active`,
    );
  }
  return generation;
}

async function drawnLevel(
  { pool, patienceMs, onWaiting, signal }: ChosenFlipOptions,
  id: number,
): Promise<void> {
  let wanted: bigint | null = null;
  let last: bigint | null = null;
  let movedMs = performance.now();
  for (;;) {
    const generations = await listGenerations(pool);
    const generation = canBeActive(generations, id);
    const active = generations.find(({ role }) => role === 'active');
    wanted ??= active?.position ?? -1n;
    const position = leastOf(generation);
    if (position >= wanted) return;
    if (last === null || position > last) movedMs = performance.now();
    last = position;
    const place = position < 0n ? 'it has no event yet' : `it is at position ${position}`;
    if (performance.now() - movedMs >= patienceMs) {
      throw new CannotFlip(
        `generation ${id} is not caught up: ${place} and does not move, while the active one is at ${wanted}; start a projector of this release, which keeps it up to date`,
      );
    }
    onWaiting?.(place, wanted);
    await delay(LOOK_EVERY_MS, undefined, signal ? { signal } : {});
  }
}

/** The position that rows and index have both reached; -1: one of them has no event yet. */
function leastOf({ position, searchIndex, searchPosition }: GenerationRecord): bigint {
  const rows = position ?? -1n;
  const index = searchIndex === null ? rows : (searchPosition ?? -1n);
  return rows < index ? rows : index;
}
