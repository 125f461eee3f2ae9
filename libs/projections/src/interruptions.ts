import { setTimeout as delay } from 'node:timers/promises';
import { StoreUnavailable } from '#event-store/errors.js';
import { isUnavailable } from '#platform/postgres.js';

const BACKOFF_MIN_MS = 100;
const BACKOFF_MAX_MS = 2_000;

/** The lock went with its connection; another owner may be writing by now. */
export class OwnershipLost extends Error {
  constructor(cause: unknown) {
    super(`the connection that owns the projection is gone: ${messageOf(cause)}`, { cause });
  }
}

/** Whether a store is away for the moment, so that waiting helps. */
export function isAway(error: unknown): boolean {
  return error instanceof StoreUnavailable || error instanceof OwnershipLost || isUnavailable(error);
}

/** Longer with every attempt, and never the same for all who wait. Ends early when the signal aborts. */
export async function pause(attempt: number, signal: AbortSignal): Promise<void> {
  const limitMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** attempt);
  await delay(limitMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {
    // Aborted: the caller sees it.
  });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
