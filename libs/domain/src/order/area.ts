import { ERASED, type Decide, type Draft, type Erased, type Evolve } from '../decider.js';
import type { Instant } from '../instant.js';
import type { RejectionCode } from './rejections.js';
import type { Order, OrderPersonal } from './state.js';

/** The folds of one area of the order, one per event type. */
export type EvolveArea<E extends { type: string }> = Evolve<Order, E>;

/** The decisions of one area of the order, one per command type. */
export type DecideArea<C extends { type: string }, E> = Decide<Order, C, Draft<E>, RejectionCode>;

/** The data of an event or a command that says nothing besides its type. */
export type Nothing = Readonly<Record<string, never>>;

/** What names a person after an event that changes it: erased once either of the two is. */
export function changedPersonal<Told>(
  known: Order['personal'],
  told: Told | Erased,
  change: (known: OrderPersonal, told: Told) => OrderPersonal,
): Order['personal'] {
  return known === ERASED || told === ERASED ? ERASED : change(known, told);
}

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
