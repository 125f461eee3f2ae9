import { StoreUnavailable } from '#event-store/errors.js';
import { ProblemError } from '#platform/problems/problems.js';
import { InvalidCursor } from '#read-models/readers/cursor.js';
import { TooManyGroups } from '#read-models/readers/order-totals.reader.js';
import { NoActiveGeneration } from '#read-models/readers/read-models.js';
import { SearchUnavailable } from '#read-models/search/search-unavailable.js';

/** At its limit in time, or by an operator, who has hardly a cause but that it takes too long. */
const STATEMENT_CANCELLED = '57014';
/** For clients that send it again all the same: it keeps a connection busy each time. */
const TOO_SLOW_RETRY_AFTER_SECONDS = 30;
const UNKNOWN_TIME_ZONE = '22023';

/** The problem that a client sees when a read fails; undefined: the error is a bug of ours. */
export function problemOfRead(error: unknown): ProblemError | undefined {
  if (error instanceof InvalidCursor) {
    const errors = [{ pointer: '/cursor', code: 'invalid_cursor', message: 'is not a cursor of this query' }];
    return new ProblemError('invalid_cursor', { errors, cause: error });
  }
  if (error instanceof TooManyGroups) {
    const message = `would give more than ${error.most} groups: choose fewer orders, for example with from and to`;
    const errors = [{ pointer: '/by', code: 'too_many_groups', message }];
    return new ProblemError('validation_failed', { errors, cause: error });
  }
  if (error instanceof NoActiveGeneration) {
    return new ProblemError('read_models_unavailable', { retryAfterSeconds: 1, cause: error });
  }
  if (error instanceof SearchUnavailable) {
    return new ProblemError('search_unavailable', { retryAfterSeconds: 2, cause: error });
  }
  if (error instanceof StoreUnavailable) {
    return new ProblemError('event_store_unavailable', { retryAfterSeconds: 1, cause: error });
  }
  const { code } = (error ?? {}) as { code?: unknown };
  if (code === STATEMENT_CANCELLED) {
    return new ProblemError('read_models_unavailable', { retryAfterSeconds: 2, cause: error });
  }
  if (code === UNKNOWN_TIME_ZONE) return unknownTimeZone();
  return undefined;
}

/**
 * The error of a question that could have been a smaller one: where PostgreSQL ended it, the client is told to ask for
 * less. Reads by key are always small, so they are late only while PostgreSQL has other troubles, which pass.
 */
export function errorOfWideRead(error: unknown): unknown {
  const { code } = (error ?? {}) as { code?: unknown };
  if (code !== STATEMENT_CANCELLED) return error;
  return new ProblemError('read_too_slow', { retryAfterSeconds: TOO_SLOW_RETRY_AFTER_SECONDS, cause: error });
}

export function unknownTimeZone(): ProblemError {
  return new ProblemError('validation_failed', {
    errors: [
      { pointer: '/timeZone', code: 'unknown_time_zone', message: 'must be the IANA name of a time zone' },
    ],
  });
}
