import {
  AppendOutcomeUnknown,
  StoreUnavailable,
  StreamDeleted,
  UnreadableEvent,
} from '#event-store/errors.js';
import { etagOf } from '#platform/http/etag.js';
import { ProblemError } from '#platform/problems/problems.js';
import {
  ConflictRetriesExhausted,
  IdempotencyKeyReused,
  OrderRejected,
  OrderTooLarge,
  PreconditionFailed,
  PreconditionMissing,
} from '../handling/errors.js';

/** An unreadable order needs a newer release, so trying again soon is of no use. */
const UNREADABLE_RETRY_SECONDS = 60;

/** The problem that clients see for an error of a command; undefined: the error is a bug of ours. */
export function problemOfCommand(error: unknown): ProblemError | undefined {
  if (error instanceof OrderRejected) return problemOfRejection(error);
  if (error instanceof IdempotencyKeyReused) {
    return new ProblemError('idempotency_key_reused', { cause: error });
  }
  if (error instanceof PreconditionFailed) return problemOfPrecondition(error);
  if (error instanceof PreconditionMissing)
    return new ProblemError('precondition_required', { cause: error });
  if (error instanceof ConflictRetriesExhausted) {
    return new ProblemError('conflict_retry_exhausted', { retryAfterSeconds: 1, cause: error });
  }
  if (error instanceof OrderTooLarge) {
    const { sizeBytes, limitBytes } = error;
    return new ProblemError('order_too_large', {
      extras: { details: { sizeBytes, limitBytes } },
      cause: error,
    });
  }
  if (error instanceof AppendOutcomeUnknown) {
    return new ProblemError('outcome_unknown', { retryAfterSeconds: 1, cause: error });
  }
  if (error instanceof StoreUnavailable) {
    return new ProblemError('event_store_unavailable', { retryAfterSeconds: 1, cause: error });
  }
  if (error instanceof UnreadableEvent || error instanceof StreamDeleted) {
    return new ProblemError('order_unreadable', {
      retryAfterSeconds: UNREADABLE_RETRY_SECONDS,
      cause: error,
    });
  }
  return undefined;
}

// `allowedCommands` stands outside `details`: clients look for it in every problem of this kind.
function problemOfRejection(error: OrderRejected): ProblemError {
  const { code, details } = error.rejection;
  const { allowedCommands: allowed, ...rest } = details;
  return new ProblemError(code, {
    extras: {
      ...(allowed === undefined ? {} : { allowedCommands: allowed }),
      ...(Object.keys(rest).length > 0 ? { details: rest } : {}),
    },
    cause: error,
  });
}

function problemOfPrecondition(error: PreconditionFailed): ProblemError {
  const { actualRevision } = error;
  return new ProblemError('precondition_failed', {
    extras: { details: { revision: actualRevision } },
    headers: { etag: etagOf(actualRevision) },
    cause: error,
  });
}
