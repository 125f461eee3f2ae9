import type { DecisionContext } from '../decider.js';
import { epochMsOf, latest, type Instant } from '../instant.js';
import { LIMITS } from './limits.js';
import { reject, type Refusal } from './rejections.js';
import type { OrderState } from './state.js';

/**
 * When the events of a decision happened in the business. Never before the order's last event, so that
 * "as of T" is a prefix of the stream by this clock too (docs/adr/0003).
 */
export function decideOccurredAt(state: OrderState, context: DecisionContext): Instant | Refusal {
  const { now, occurredAt } = context;
  const last = state?.lastOccurredAt ?? null;
  if (occurredAt === null) return last === null ? now : latest(now, last);

  const aheadMs = epochMsOf(occurredAt) - epochMsOf(now);
  if (aheadMs > LIMITS.clockToleranceMs) return reject('occurred_at_in_future', { occurredAt, now });
  if (-aheadMs > LIMITS.clockToleranceMs && !context.mayBackdate) {
    return reject('occurred_at_needs_admin', { occurredAt, now });
  }
  if (last === null || occurredAt >= last) return occurredAt;
  const beforeLastMs = epochMsOf(last) - epochMsOf(occurredAt);
  if (beforeLastMs > LIMITS.clockToleranceMs) {
    return reject('occurred_at_before_last_event', { occurredAt, lastOccurredAt: last });
  }
  return last;
}
