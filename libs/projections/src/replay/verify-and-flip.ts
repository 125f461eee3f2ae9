import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { counted } from '#platform/counted.js';
import { tryFlip, foreseeFlip } from '#read-models/generations/try-flip.js';
import { markReady } from '#read-models/generations/generation-states.js';
import { listGenerations } from '#read-models/generations/generation-list.js';
import { generationById, type Generation } from '#read-models/generations/generation.js';
import { OrdersShownOlder } from '#read-models/generations/orders-shown-older.js';
import { refreshIn } from '#read-models/search/elasticsearch/refresh-in.js';
import type { ReplayRecord } from '#read-models/stores/replays.store.js';
import { isAway } from '../engine/interruptions.js';
import { briefly } from '../verify/differences.js';
import type { VerifyProgress, VerifyResult } from '../verify/verify.js';
import { BUILD_PATIENCE_MS, countWrong, notCompared, verify } from '../verify/verify.js';
import { withParkedTriedAgain, whyNotFlipped } from '../quarantine/try-parked-again.js';
import { LOCKED } from '../generations/flip.js';
import { ReplayFailed } from './errors.js';
import { KeptMeanwhile, type KeepingOptions } from './kept-meanwhile.js';
import type { ReplayControl } from './replay-control.js';

export interface VerifiedFlip {
  readonly generation: Generation;
  /** The generation that was active before; null: none was. */
  readonly previous: number | null;
  /** null: the flip was done by a process that was cut off right after it. */
  readonly verified: VerifyResult | null;
}

const LOOK_EVERY_MS = 50;
const SHOWN_DIFFERENCES = 3;

/**
 * Brings a built generation to where the log is now and keeps it there, compares it with a fresh fold, and flips
 * to it. From then on the projectors keep it.
 *
 * @throws ReplayFailed when the generation is not what the events say, or would show orders older: then nothing
 * was changed
 */
export async function verifyAndFlip(
  built: Generation,
  record: ReplayRecord,
  control: ReplayControl,
  options: KeepingOptions,
): Promise<VerifiedFlip> {
  return control.untilDone(async (signal) => {
    // Before a pause, another index may have taken the place of its own.
    const begun = await generationById(options.pool, built.id);
    const kept = await KeptMeanwhile.start(begun, record.searchOnly, control.throttle, options);
    try {
      await foresee(begun, options, signal);
      const tell = (done: number, total: number) => control.tell({ phase: 'catching_up', done, total });
      const generation = await kept.caughtUp(tell, signal);
      const verified = await verifyAll(generation, record, control, { ...options, signal });
      await control.heed();
      signal.throwIfAborted(); // paused: `untilDone` begins this anew when it may go on
      await control.tell({ phase: 'flipping', done: 0, total: 1 });
      await markReady(options.pool, generation);
      const flips = () => flip(generation, options, signal);
      const previous = await withParkedTriedAgain(options.pool, generation, flips, { signal });
      return { generation, previous, verified };
    } catch (error) {
      throw error instanceof OrdersShownOlder ? new ReplayFailed(whyNotFlipped(error)) : error;
    } finally {
      await kept.stop();
    }
  });
}

/** Whether the flip was done, by this process or by one that was cut off right after it. */
export async function isActive(pool: pg.Pool, { id }: Generation): Promise<boolean> {
  return (await listGenerations(pool)).some((one) => one.id === id && one.role === 'active');
}

/**
 * Events that are parked in what was loaded, and not in the active generation, have the flip refused: that is
 * found out before the rest is done. A fault that may still pass by itself is only told.
 */
async function foresee(
  generation: Generation,
  { pool, onNote }: KeepingOptions,
  signal: AbortSignal,
): Promise<void> {
  try {
    await withParkedTriedAgain(pool, generation, () => foreseeFlip(pool, generation), { signal });
  } catch (error) {
    if (!(error instanceof OrdersShownOlder) || error.isForGood) throw error;
    onNote?.(
      `${whyNotFlipped(error)}; unless that passes by itself, the replay will fail at the flip: \`orderctl replay cancel\` ends it now`,
    );
  }
}

async function verifyAll(
  generation: Generation,
  { sample }: ReplayRecord,
  control: ReplayControl,
  { pool, eventStore, elasticsearch, signal, onNote }: KeepingOptions & { signal: AbortSignal },
): Promise<VerifyResult> {
  const onProgress = ({ phase, done, total }: VerifyProgress) => {
    if (phase === 'rows') void control.tell({ phase: 'verifying', done, total });
  };
  await control.tell({ phase: 'verifying', done: 0, total: null });
  const result = await verify({
    ...{ pool, eventStore, elasticsearch, generation, signal, onProgress, throttle: control.throttle },
    patienceMs: BUILD_PATIENCE_MS,
    ...(sample === null ? {} : { sample }),
  });
  const uncompared = notCompared(result);
  if (uncompared !== null) onNote?.(uncompared);
  if (countWrong(result) === 0) return result;
  const examples = result.differences.slice(0, SHOWN_DIFFERENCES).map(briefly);
  throw new ReplayFailed(
    `generation ${generation.id} does not match the events: ${counted(result.differenceCount, 'difference')} in ${counted(result.orders, 'order')}, such as ${examples.join(', ')}`,
  );
}

/** @returns the generation that was active before */
async function flip(
  generation: Generation,
  { pool, eventStore, elasticsearch, onNote }: KeepingOptions,
  signal: AbortSignal,
): Promise<number | null> {
  const before = (await listGenerations(pool)).find(({ role }) => role === 'active');
  const refresh = refreshIn(elasticsearch);
  let isToldLocked = false;
  for (; ; await delay(LOOK_EVERY_MS)) {
    signal.throwIfAborted();
    try {
      const storeEndsAt = (await eventStore.headPosition()) ?? -1n;
      const flipped = await tryFlip(pool, generation, { chosen: true, isReplay: true, storeEndsAt, refresh });
      if (flipped === 'flipped' || flipped === 'already_active') return before?.id ?? null;
      if (flipped === 'locked' && !isToldLocked) onNote?.(`waiting: ${LOCKED}`);
      isToldLocked ||= flipped === 'locked';
    } catch (error) {
      if (!isAway(error)) throw error;
    }
  }
}
