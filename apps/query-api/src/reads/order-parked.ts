import { ProblemError } from '#platform/problems/problems.js';
import type { ParkedAt } from '#read-models/readers/parked.reader.js';

/** Nobody knows how long an order stays parked; to ask again much sooner makes no sense. */
const RETRY_AFTER_SECONDS = 30;

/**
 * @param wanted the revision that an answer has to show
 * @throws ProblemError order_parked when the event of that revision, or an earlier one, is parked
 */
export function refuseParked(parked: ParkedAt | null, wanted: number): void {
  if (parked === null || parked.revision > wanted) return;
  throw new ProblemError('order_parked', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    extras: { parkedRevision: parked.revision },
  });
}
