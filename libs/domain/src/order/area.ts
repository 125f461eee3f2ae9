import type { Decide, Draft, Evolve } from '../decider.js';
import type { Instant } from '../instant.js';
import type { RejectionCode } from './rejections.js';
import type { Order } from './state.js';

/** The folds of one area of the order, one per event type. */
export type EvolveArea<E extends { type: string }> = Evolve<Order, E>;

/** The decisions of one area of the order, one per command type. */
export type DecideArea<C extends { type: string }, E> = Decide<Order, C, Draft<E>, RejectionCode>;

/** Makes an event of a draft: adds `occurredAt`, and `personal: null` where the draft has none. */
export function stamp<E extends { readonly type: string; readonly occurredAt: Instant }>(
  draft: Draft<E>,
  occurredAt: Instant,
): E {
  const {
    type,
    data,
    personal = null,
  } = draft as unknown as { type: string; data: unknown; personal?: unknown };
  return { type, occurredAt, data, personal } as unknown as E;
}
