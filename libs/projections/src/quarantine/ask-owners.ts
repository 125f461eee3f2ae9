import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { isHeld } from '#read-models/stores/leases.store.js';
import {
  actionById,
  askForAction,
  takersLease,
  withdrawAction,
  type Action,
  type ActionRequest,
} from '#read-models/stores/quarantine-actions.store.js';

const LOOK_EVERY_MS = 100;
/** A standby takes a projection over in less time. */
const TAKEN_WITHIN_MS = 8_000;
/**
 * An owner takes one request after the other, and may be busy with very many orders; after this long a request is
 * withdrawn.
 */
const BUSY_WITHIN_MS = 10 * 60_000;
const TELL_AFTER_MS = 3_000;

export interface Waiting {
  /** Receives a line for the person who waits. */
  readonly tell?: (line: string) => void;
  /** Ends the wait; what was asked for is done all the same. */
  readonly signal?: AbortSignal;
  /**
   * Ends the wait, and withdraws what no owner has begun. An action that one has begun is returned as it then is,
   * maybe not done yet.
   */
  readonly takeBack?: AbortSignal;
  /** How long the projection may be without an owner before a request is withdrawn. */
  readonly takenWithinMs?: number;
  /** How long its owner may be busy with something else before a request is withdrawn. */
  readonly busyWithinMs?: number;
}

/** Asks the owners of projections to do something, and waits for the outcomes. What no owner takes is withdrawn. */
export async function askOwners(
  pool: pg.Pool,
  requests: readonly ActionRequest[],
  waiting: Waiting,
): Promise<Action[]> {
  const ids: string[] = [];
  for (const request of requests) ids.push(await askForAction(pool, request));
  return Promise.all(ids.map((id) => outcomeOf(pool, id, waiting)));
}

async function outcomeOf(pool: pg.Pool, id: string, waiting: Waiting): Promise<Action> {
  const { tell, signal, takeBack } = waiting;
  const { takenWithinMs = TAKEN_WITHIN_MS, busyWithinMs = BUSY_WITHIN_MS } = waiting;
  const onInterrupt = takeBack
    ? 'Ctrl-C takes it back, unless the projector has begun it'
    : 'after Ctrl-C, the projector does it all the same';
  const askedMs = performance.now();
  const told = new Set<string>();
  const tellOnce = (line: string) => {
    if (!told.has(line)) tell?.(`${line} (${onInterrupt})`);
    told.add(line);
  };
  let action = await actionById(pool, id);
  const lease = await takersLease(pool, action);
  let keptMs = askedMs;
  for (; action.doneAt === null; action = await actionById(pool, id)) {
    if (takeBack?.aborted) {
      await withdrawAction(pool, id, 'withdrawn: nothing was done');
      return actionById(pool, id);
    }
    const nowMs = performance.now();
    const isKept = action.takenAt === null && (await isHeld(pool, lease));
    if (isKept) keptMs = nowMs;
    if (action.takenAt === null && nowMs - keptMs > takenWithinMs) {
      await withdrawAction(
        pool,
        id,
        'no projector owns this projection at the moment (`orderctl status` tells more): nothing was done',
      );
    } else if (isKept && nowMs - askedMs > busyWithinMs) {
      await withdrawAction(pool, id, 'the projector that owns this projection is busy: nothing was done');
    } else if (isKept && nowMs - askedMs > takenWithinMs) {
      tellOnce(
        `the projector that owns ${action.projection} is busy with something else, and does this afterwards`,
      );
    } else if (nowMs - askedMs > TELL_AFTER_MS) {
      tellOnce(`waiting for the projector that owns ${action.projection}`);
    }
    await delay(LOOK_EVERY_MS, undefined, signal ? { signal } : {});
  }
  return action;
}
