import { setTimeout as delay } from 'node:timers/promises';
import { StoreUnavailable } from '#event-store/errors.js';
import { isUnavailable } from '#platform/postgres.js';
import { isElasticsearchAway } from '#read-models/search/elasticsearch/requests.js';
import { LeaseLost } from '#read-models/stores/fence.js';

const BACKOFF_MIN_MS = 100;
const BACKOFF_MAX_MS = 2_000;

/** Another projector may be writing by now. */
export class OwnershipLost extends Error {
  constructor(cause: unknown) {
    super(`this process no longer owns the projection: ${messageOf(cause)}`, { cause });
  }
}

/** Whether a store is away for the moment, or the lease was lost, so that waiting helps. */
export function isAway(error: unknown): boolean {
  return (
    error instanceof StoreUnavailable ||
    error instanceof OwnershipLost ||
    error instanceof LeaseLost ||
    isElasticsearchAway(error) ||
    isUnavailable(error)
  );
}

/**
 * Pauses, longer with every attempt up to a limit, and never equally long for all who wait. Ends early when the
 * signal aborts.
 */
export async function pause(attempt: number, signal: AbortSignal, maxMs = BACKOFF_MAX_MS): Promise<void> {
  const limitMs = Math.min(maxMs, BACKOFF_MIN_MS * 2 ** attempt);
  await delay(limitMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {
    // Aborted: the caller sees it.
  });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
