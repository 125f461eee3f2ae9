import { ProblemError } from '#platform/problems/problems.js';
import type { ParkedAt } from '#read-models/readers/parked.reader.js';

/** Nobody knows when an operator comes; much sooner it makes no sense to ask again. */
const RETRY_AFTER_SECONDS = 30;

/**
 * @param wanted the revision that an answer has to show
 * @throws ProblemError order_parked when the order cannot be shown with it
 */
export function refuseParked(parked: ParkedAt | null, wanted: number): void {
  if (parked === null || parked.revision > wanted) return;
  throw new ProblemError('order_parked', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    extras: { parkedRevision: parked.revision },
  });
}
