import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@elastic/elasticsearch';
import type pg from 'pg';
import type { EventStore } from '#event-store/port.js';
import { counted } from '#platform/counted.js';
import type { Logger } from '#platform/logging.js';
import { tryFlip } from '#read-models/generations/try-flip.js';
import { checkpointOf } from '#read-models/checkpoints.js';
import { listGenerations, type GenerationRecord } from '#read-models/generations/generation-list.js';
import { markFailed, markReady } from '#read-models/generations/generation-states.js';
import type { Generation } from '#read-models/generations/generation.js';
import { unaskedFlip } from '#read-models/generations/unasked-flip.js';
import { OrdersShownOlder } from '#read-models/generations/orders-shown-older.js';
import { SEARCH_PROJECTION } from '#read-models/orders.projection.js';
import { refreshIn } from '#read-models/search/elasticsearch/refresh-in.js';
import { isAway, messageOf, pause } from '../engine/interruptions.js';
import { withParkedTriedAgain } from '../quarantine/try-parked-again.js';
import { briefly } from '../verify/differences.js';
import { BUILD_PATIENCE_MS, countWrong, notCompared, verify } from '../verify/verify.js';

export interface FlipWhenReadyOptions {
  /** Three connections are used. */
  readonly pool: pg.Pool;
  readonly eventStore: Pick<EventStore, 'readStream' | 'subscribeToAll' | 'headPosition'>;
  /** null: none is configured. */
  readonly elasticsearch: Client | null;
  readonly logger: Logger;
}

/** A generation was built, and its rows are not what their events fold into. */
export class BuiltWrong extends Error {}

const LOOK_EVERY_MS = 100;
/** Rows compared with a fresh fold before a generation that a projector built may be read. */
const VERIFIED_ORDERS = 1_000;

/**
 * Flips to the generation that this release has built, once its index is as far as its rows and its orders were compared
 * with their events.
 *
 * It flips where the active generation is of another release or search engine, or was set aside. These do not prevent it:
 * - an order that this release cannot apply as far as the active generation has: it is shown as it is, and stale;
 * - an order whose stream alone cannot be read, and which so cannot be compared.
 *
 * It does not flip
 * - to a generation that a person has gone back from, whatever was activated since;
 * - where the active generation is of the same kind.
 *
 * @param signal of the owner of its rows: the next owner compares and flips by itself
 * @throws BuiltWrong
 */
export async function flipWhenReady(
  options: FlipWhenReadyOptions,
  generation: Generation,
  position: bigint,
  signal: AbortSignal,
): Promise<void> {
  const { pool, logger } = options;
  const refresh = refreshIn(options.elasticsearch);
  let awayTimes = 0;
  let evenOlder = false;
  for (; !signal.aborted; await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => {})) {
    try {
      const own = await flipTarget(pool, generation, logger);
      if (own === null) return;
      if (!(await isSearchable(pool, generation, position))) continue;
      if (own.state === 'building') await verifyBuilt(options, generation, signal);
      const flips = async () => {
        const storeEndsAt = (await options.eventStore.headPosition()) ?? -1n;
        return tryFlip(pool, generation, { chosen: false, storeEndsAt, refresh, evenOlder });
      };
      const flip = await withParkedTriedAgain(pool, generation, flips, { signal });
      if (flip !== 'flipped' && flip !== 'already_active') continue;
      logger.info({ generation: generation.id }, 'queries are answered from this generation');
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof OrdersShownOlder) {
        logger.warn({ generation: generation.id }, error.message);
        evenOlder = true;
      } else if (isAway(error)) {
        const why = messageOf(error);
        logger.warn({ generation: generation.id }, `not activated yet: ${why}`);
        await pause(awayTimes++, signal);
      } else throw error;
    }
  }
}

/** @returns null: there is nothing to flip to */
async function flipTarget(
  pool: pg.Pool,
  generation: Generation,
  logger: Logger,
): Promise<GenerationRecord | null> {
  const { id } = generation;
  const own = (await listGenerations(pool)).find((one) => one.id === id);
  const flip = await unaskedFlip(pool, generation);
  if (flip === 'gone_back_from') {
    logger.warn(
      { generation: id },
      'not activated: somebody went back from this generation; `orderctl generations activate` activates it',
    );
  }
  return flip === 'right' ? (own ?? null) : null;
}

async function isSearchable(
  pool: pg.Pool,
  { id, searchIndex }: Generation,
  position: bigint,
): Promise<boolean> {
  if (searchIndex === null) return true; // the tables searched are written with the rows
  return ((await checkpointOf(pool, id, SEARCH_PROJECTION)) ?? -1n) >= position;
}

async function verifyBuilt(
  options: FlipWhenReadyOptions,
  generation: Generation,
  signal: AbortSignal,
): Promise<void> {
  const { pool, eventStore, elasticsearch, logger } = options;
  const result = await verify({
    pool,
    eventStore,
    elasticsearch,
    generation,
    sample: VERIFIED_ORDERS,
    patienceMs: BUILD_PATIENCE_MS,
    signal,
  });
  signal.throwIfAborted(); // another projector may be comparing by now
  const uncompared = notCompared(result);
  if (uncompared !== null) {
    logger.warn({ generation: generation.id, orders: result.unread.length }, uncompared);
  }
  const differing = countWrong(result);
  if (differing > 0) {
    const { differences } = result;
    const example = differences.find((one) => one.kind !== 'unreadable') ?? differences[0]!;
    const reason = `of ${counted(result.orders, 'order')}, ${counted(differing, 'differs from its', 'differ from their')} events, such as ${briefly(example)}`;
    const { id } = generation;
    throw new BuiltWrong(
      (await markFailed(pool, generation, reason))
        ? `generation ${id} was built, but ${reason}: no query reads it; run orderctl generations drop ${id} to have it built again`
        : `generation ${id} was built, but ${reason}, and queries are answered from it already: run orderctl replay to build another one in its place`,
    );
  }
  await markReady(pool, generation);
}
