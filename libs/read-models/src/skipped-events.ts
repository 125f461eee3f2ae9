import type { RawEvent, StoredOrderEvent } from '#event-store/port.js';
import type { Order, OrderState } from '#domain/order/state.js';
import { foldOrder } from './orders.projection.js';

/** Revisions of one order whose events are left out of its fold, on a person's word. */
export type SkippedRevisions = ReadonlySet<number>;

const NONE: SkippedRevisions = new Set();

/** Which events of which orders are left out. */
export class SkippedEvents {
  readonly #byStream = new Map<string, Set<number>>();

  /** How many orders have such an event. */
  get orders(): number {
    return this.#byStream.size;
  }

  /** @param stream of the order, as `orderStream` names it */
  of(stream: string): SkippedRevisions {
    return this.#byStream.get(stream) ?? NONE;
  }

  add(stream: string, revision: number): void {
    const known = this.#byStream.get(stream);
    if (known) known.add(revision);
    else this.#byStream.set(stream, new Set([revision]));
  }
}

/** The events without the skipped ones. A skipped event is never decoded, so it need not be readable. */
export function withoutSkipped(events: readonly RawEvent[], skipped: SkippedRevisions): readonly RawEvent[] {
  return skipped.size === 0 ? events : events.filter(({ revision }) => !skipped.has(revision));
}

/**
 * The order after events of its stream, without the skipped ones. A skipped event changes nothing but the
 * revision, also where it follows the last event. null: nothing of the order was folded yet.
 *
 * @param events the result of `withoutSkipped`, in the order of their revisions
 * @param upTo the last revision that counts; later skips do not change the revision
 * @throws when an event cannot follow the order as it is
 */
export function foldSkipping(
  order: OrderState,
  events: readonly StoredOrderEvent[],
  skipped: SkippedRevisions,
  upTo = Infinity,
): OrderState {
  const folded = events.reduce<OrderState>((state, event) => foldOrder(state, event), order);
  return folded && takeSkippedRevisions(folded, skipped, upTo);
}

/** The order with the revisions of the skipped events that come right after it. */
export function takeSkippedRevisions(order: Order, skipped: SkippedRevisions, upTo = Infinity): Order {
  const revision = pastSkipped(order.revision, skipped, upTo);
  return revision === order.revision ? order : { ...order, revision };
}

/** The revision that is reached once the skipped events right after one are left out; -1 stands for no event. */
export function pastSkipped(revision: number, skipped: SkippedRevisions, upTo = Infinity): number {
  let reached = revision;
  while (reached < upTo && skipped.has(reached + 1)) reached += 1;
  return reached;
}
