import type { Decide, Decision, Draft, Evolve } from '../decider.js';
import type { Instant } from '../instant.js';
import type { RejectionCode } from './rejections.js';
import type { Order } from './state.js';

/** What a part of the order does with its events: one fold each. */
export type EvolvePart<E extends { type: string }> = Evolve<Order, E>;

/** What a part of the order answers to its commands. */
export type DecidePart<C extends { type: string }, E> = Decide<Order, C, Draft<E>, RejectionCode>;

/** A rejection as a check hands it on; null where nothing is wrong. */
export type Refusal = Extract<Decision<never, RejectionCode>, { accepted: false }>;

export function isRefusal(checked: unknown): checked is Refusal {
  return typeof checked === 'object' && checked !== null && 'accepted' in checked;
}

/** The event that a draft becomes once its time is known. */
export function stamp<E extends { readonly type: string; readonly occurredAt: Instant }>(
  draft: Draft<E>,
  occurredAt: Instant,
): E {
  return { personal: null, ...draft, occurredAt } as unknown as E;
}
