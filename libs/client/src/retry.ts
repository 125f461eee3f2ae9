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

/** 408: it did not arrive whole. Whoever is in between (502, 504) does not know what became of the request. */
const TRY_AGAIN = new Set([408, 429, 502, 503, 504]);
/** Of a 409, which else says no: nothing was decided, since others were quicker each time. */
const LOST_TO_OTHERS = 'conflict_retry_exhausted';
/** These wait for a person, not for a moment. */
const NOT_BY_ITSELF = new Set(['order_parked', 'order_unreadable']);

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;

/**
 * Whether the same request may succeed a moment later. Everything that this client sends may be sent again: it reads, or
 * it carries an Idempotency-Key.
 */
export function mayTryAgain(failure: Failure): boolean {
  if (failure.kind === 'lost' || failure.code === LOST_TO_OTHERS) return true;
  return TRY_AGAIN.has(failure.status) && !NOT_BY_ITSELF.has(failure.code);
}

/** Whether the instance itself is away, so that another address need not be waited for. */
export function isAway(failure: Failure): boolean {
  return failure.kind === 'lost' || failure.code === 'shutting_down';
}

/** Whether the request may have been done although it failed so. */
export function isUnknown(failure: Failure): boolean {
  if (failure.kind === 'lost') return failure.lost === 'unknown';
  // Of the 503s, those of the service's own that say so; of those from in between, all, and all other 5xx.
  return (
    (failure.status >= 500 && failure.status !== 503) ||
    ['outcome_unknown', 'service_unavailable', 'http_503'].includes(failure.code)
  );
}

/**
 * How long to wait: what Retry-After says (RFC 9110: seconds or a date); else doubling from 100 ms to 5 s. Part of it is
 * left to chance, so that not all come back at once; never less than the service asked for, and more only where that
 * leaves time for the try after it.
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
