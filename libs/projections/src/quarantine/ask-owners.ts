import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import {
  actionById,
  askForAction,
  withdrawAction,
  type Action,
  type ActionRequest,
} from '#read-models/stores/quarantine-actions.store.js';

const LOOK_EVERY_MS = 100;
/** A standby takes a projection over in less. */
const TAKEN_WITHIN_MS = 8_000;
const TELL_AFTER_MS = 3_000;

export interface Waiting {
  /** A line for who waits. */
  readonly tell?: (line: string) => void;
  /** Ends the wait; what was asked for is done all the same. */
  readonly signal?: AbortSignal;
}

/** Has the owners of projections do something, and waits for what comes of it. What nobody takes is taken back. */
export async function askOwners(
  pool: pg.Pool,
  requests: readonly ActionRequest[],
  waiting: Waiting,
): Promise<Action[]> {
  const ids: string[] = [];
  for (const request of requests) ids.push(await askForAction(pool, request));
  return Promise.all(ids.map((id) => outcomeOf(pool, id, waiting)));
}

async function outcomeOf(pool: pg.Pool, id: string, { tell, signal }: Waiting): Promise<Action> {
  const askedMs = performance.now();
  let told = false;
  for (;;) {
    const action = await actionById(pool, id);
    if (action.doneAt !== null) return action;
    const waitedMs = performance.now() - askedMs;
    if (action.takenAt === null && waitedMs > TAKEN_WITHIN_MS) {
      await withdrawAction(pool, id, 'no projector runs that keeps this projection: nothing was done');
    } else if (!told && waitedMs > TELL_AFTER_MS) {
      tell?.(`waiting for the projector that keeps ${action.projection} (Ctrl-C leaves it to it)`);
      told = true;
    }
    await delay(LOOK_EVERY_MS, undefined, signal ? { signal } : {});
  }
}
