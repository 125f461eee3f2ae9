import type { ProblemCode } from './errors.js';
import type { Lost } from './transport.js';

/** How one try failed. */
export type Failure =
  | { readonly kind: 'lost'; readonly lost: Lost; readonly code: string }
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly code: string;
      readonly retryAfter: string | null;
    };

/** 408: the request did not arrive whole. 502, 504: a proxy does not know what became of the request. */
const TRY_AGAIN = new Set([408, 429, 502, 503, 504]);
/** The only 409 that is worth another try: nothing was decided, since other commands were quicker each time. */
const LOST_TO_OTHERS = 'conflict_retry_exhausted';
/** Problems that a person has to resolve, or that cost as much again: another try soon does not help. */
const NOT_BY_ITSELF = new Set(['order_parked', 'order_unreadable', 'read_too_slow']);

/**
 * The 503s with which the service says that it has done nothing. Any other may come from a proxy, or with the code of
 * a later release, after the command was done.
 */
const NOTHING_DONE = new Set<string>([
  'event_store_unavailable',
  'not_caught_up',
  'order_parked',
  'order_unreadable',
  'read_models_unavailable',
  'read_too_slow',
  'search_unavailable',
  'shutting_down',
  'token_keys_unavailable',
] satisfies ProblemCode[]);

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;

/**
 * Whether the same request may succeed a moment later. Every request of this client may be sent again: it only
 * reads, or it carries an Idempotency-Key.
 */
export function mayTryAgain(failure: Failure): boolean {
  if (failure.kind === 'lost' || failure.code === LOST_TO_OTHERS) return true;
  return TRY_AGAIN.has(failure.status) && !NOT_BY_ITSELF.has(failure.code);
}

/** Whether the instance itself is away, so that another address can be tried without a pause. */
export function isAway(failure: Failure): boolean {
  return failure.kind === 'lost' || failure.code === 'shutting_down';
}

/** Whether the request may have been done although the try failed in this way. */
export function isUnknown(failure: Failure): boolean {
  if (failure.kind === 'lost') return failure.lost === 'unknown';
  return failure.status >= 500 && !(failure.status === 503 && NOTHING_DONE.has(failure.code));
}

/**
 * How long to wait: what Retry-After says (RFC 9110: seconds or a date), else a pause that doubles from 100 ms to
 * 5 s. Part of the pause is random, so that not all clients come back at once. It is never shorter than the
 * service asked for, and longer only where that leaves time for the next try.
 *
 * @param attempt 0 after the first try
 * @param leftMs until the deadline of the call
 */
export function pauseMs(
  failure: Failure,
  attempt: number,
  leftMs: number,
  random: () => number = Math.random,
): number {
  const saidMs = failure.kind === 'answered' ? retryAfterMs(failure.retryAfter) : null;
  if (saidMs !== null) return saidMs + random() * Math.max(0, Math.min(saidMs / 10, (leftMs - saidMs) / 2));
  const growing = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10));
  return growing * (0.5 + random() / 2);
}

function retryAfterMs(value: string | null): number | null {
  if (value === null) return null;
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return ms > 0 ? ms : null;
}
