import { markFailed } from '#read-models/generations/generation-states.js';
import type { Generation } from '#read-models/generations/generation.js';
import { ReplaysStore, type ReplayRecord } from '#read-models/stores/replays.store.js';
import { isAway, messageOf } from '../engine/interruptions.js';
import { CannotReplay, ReplayFailed } from './errors.js';
import { freeIfPossible, freeSuperseded, type Freeing } from './freeing.js';
import { ReplayCancelled } from './replay-control.js';
import { isActive } from './verify-and-flip.js';

/** Records that a replay ended without a flip. */
export function recordEnd(
  store: ReplaysStore,
  { id }: ReplayRecord,
  cancelled: boolean,
  why: string,
): Promise<void> {
  return cancelled ? store.end(id, 'cancelled', null) : store.end(id, 'failed', why);
}

/**
 * A replay that was completed while its process waited for a store: by another process, or before its own was told.
 * @returns null: it has not ended
 * @throws ReplayCancelled and ReplayFailed where that was its end: no other one is begun in its place
 */
export async function endedReplay(store: ReplaysStore, id: number): Promise<ReplayRecord | null> {
  const record = await store.byId(id);
  if (record.state === 'cancelled') throw new ReplayCancelled();
  if (record.state === 'failed') throw new ReplayFailed(record.error ?? 'the replay has failed');
  return record.endedAt === null ? null : record;
}

/**
 * What an error means for the replay. Away: retried. Stopped, or refused: resumed by a later run. Anything else:
 * failed, and its generation is dropped.
 * @returns the error to throw
 */
export async function afterError(
  error: unknown,
  record: ReplayRecord,
  generation: Generation,
  freeing: Freeing,
): Promise<unknown> {
  const { pool, signal, onNote } = freeing;
  const cancelled = error instanceof ReplayCancelled;
  if (!cancelled && (signal.aborted || isAway(error) || error instanceof CannotReplay)) return error;
  if (await isActive(pool, generation)) return error; // the next run does the rest
  const why = messageOf(error);
  // Ended first, as what follows may fail: nobody must continue what is being dropped.
  await recordEnd(new ReplaysStore(pool), record, cancelled, why);
  try {
    if (!cancelled) await markFailed(pool, generation, why);
    await freeIfPossible(generation, freeing);
  } catch (left) {
    onNote?.(
      `generation ${generation.id} could not be dropped, which is left to the next replay: ${messageOf(left)}`,
    );
  }
  return cancelled || error instanceof ReplayFailed
    ? error
    : new ReplayFailed(`generation ${generation.id} could not be built: ${why}`, { cause: error });
}

/** Drops what the flip to `generation` left behind. The replay is done, even if something cannot be dropped. */
export async function dropLeftBehind({ id }: Generation, freeing: Freeing): Promise<readonly number[]> {
  const onNote = (line: string) =>
    freeing.onNote?.(`queries are answered from generation ${id} now; ${line}`);
  try {
    return await freeSuperseded({ ...freeing, onNote });
  } catch (error) {
    onNote(`older generations could not be dropped, which is left to the next replay: ${messageOf(error)}`);
    return [];
  }
}
