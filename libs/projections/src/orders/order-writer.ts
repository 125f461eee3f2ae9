import type { Unparked } from '#read-models/stores/order-rows.js';
import type { OrdersStore } from '#read-models/stores/orders.store.js';
import type { OrderKey } from '#read-models/order-key.js';
import { BEHIND_REASON, type EventToPark } from '#read-models/stores/quarantine.store.js';
import { foldedOrder, type FoldedOrder } from './folded-order.js';
import { isAway } from '../engine/interruptions.js';
import type { OrderCache } from './order-cache.js';
import { parkedBehind, parkedWith, unappliable, type Tried } from '../quarantine/faults.js';
import type { Advanced } from './order-advance.js';
import type { OrderQuarantine } from '../quarantine/order-quarantine.js';

/** Orders that were added to the store's write, and what is to be written with them. */
export interface OrdersToWrite {
  readonly folded: readonly FoldedOrder[];
  readonly parked: readonly EventToPark[];
  readonly unparked: readonly Unparked[];
  /** null: the checkpoint stays. */
  readonly checkpoint: bigint | null;
  /** When an order is tried again: its event that failed before. */
  readonly tried?: Tried;
}

interface Refused {
  readonly folded: FoldedOrder;
  readonly cause: unknown;
}

/** Data exceptions, violated constraints and exceeded limits: the content of some row is at fault. */
const REFUSALS = /^(22|23|54)/;

/** Writes orders and what is parked of them; an order that PostgreSQL refuses is parked and holds no other back. */
export class OrderWriter {
  readonly #store: OrdersStore;
  readonly #cache: OrderCache;
  readonly #quarantine: OrderQuarantine;

  constructor(store: OrdersStore, cache: OrderCache, quarantine: OrderQuarantine) {
    this.#store = store;
    this.#cache = cache;
    this.#quarantine = quarantine;
  }

  /**
   * Writes everything in one transaction, so that no reader is shown an event that the checkpoint does not cover.
   * Events that PostgreSQL refuses, and those after them in their order, are parked instead.
   *
   * @returns what is parked now
   * @throws ForeignWrite, or what says that PostgreSQL is away: the same must then be applied again
   */
  async write(what: OrdersToWrite): Promise<readonly EventToPark[]> {
    const { folded, parked, unparked, checkpoint } = what;
    try {
      await this.#store.write({ checkpoint, parked, unparked });
      this.#committed(folded);
      this.#quarantine.committed(unparked, parked);
      return parked;
    } catch (error) {
      if (!isRefusal(error) || folded.length === 0) throw error;
      return this.#writeWithout(await this.#refusedAmong(folded, error), what);
    }
  }

  async #writeWithout(refused: readonly Refused[], what: OrdersToWrite): Promise<readonly EventToPark[]> {
    const { checkpoint, tried = null } = what;
    const written = what.folded.filter((one) => refused.every(({ folded }) => folded !== one));
    let { parked } = what;
    for (const one of refused) {
      const { taken, cause } = await this.#upToRefused(one);
      const { stream, events, rows } = one.folded;
      if (taken !== null) written.push(taken);
      const [event, ...later] = events.slice(taken?.events.length ?? 0);
      parked = [
        parkedWith(event!, stream, unappliable(event!, cause), tried),
        ...later.map((item) => parkedBehind(item, stream)),
        ...parked.map((other) => (isOf(other, rows.order) ? asBehind(other) : other)),
      ];
    }
    const unparked = what.unparked.map((order) => upToParked(order, parked));
    this.#begin(written);
    await this.#store.write({ checkpoint, parked, unparked });
    this.#committed(written);
    this.#quarantine.committed(unparked, parked);
    return parked;
  }

  /** Finds by bisection which of these orders are refused. */
  async #refusedAmong(folded: readonly FoldedOrder[], cause: unknown): Promise<Refused[]> {
    if (folded.length === 1) return [{ folded: folded[0]!, cause }];
    const middle = Math.ceil(folded.length / 2);
    const refused: Refused[] = [];
    for (const half of [folded.slice(0, middle), folded.slice(middle)]) {
      const why = await this.#whyRefused(half);
      if (why !== null) refused.push(...(await this.#refusedAmong(half, why)));
    }
    return refused;
  }

  /**
   * Finds the first event that is refused, by bisection.
   * @returns the order up to it (null: it is the first), and why it is refused
   */
  async #upToRefused({
    folded: { stream, before, events },
    cause,
  }: Refused): Promise<{ taken: FoldedOrder | null; cause: unknown }> {
    if (events.length === 0) throw cause; // No new event: the row was storable before, so no event is at fault.
    let taken: FoldedOrder | null = null;
    let [good, bad, why] = [0, events.length, cause];
    while (good + 1 < bad) {
      const middle = (good + bad) >> 1;
      const some = foldedOrder(stream, before, events.slice(0, middle), this.#quarantine.skipped.of(stream));
      const refusal = await this.#whyRefused([some]);
      if (refusal === null) [good, taken] = [middle, some];
      else [bad, why] = [middle, refusal];
    }
    return { taken, cause: why };
  }

  /** Why PostgreSQL refuses them; null: it takes them. The try leaves nothing behind. */
  async #whyRefused(folded: readonly FoldedOrder[]): Promise<unknown> {
    try {
      this.#begin(folded);
      await this.#store.tryToWrite();
      return null;
    } catch (error) {
      if (isRefusal(error)) return error;
      throw error;
    }
  }

  #begin(folded: readonly FoldedOrder[]): void {
    this.#store.begin();
    for (const { rows } of folded) this.#store.add(rows);
  }

  /** Replaces all that the read models have of one order, and parks the rest. */
  async rewrite(order: OrderKey, stream: string, { folded, parked }: Advanced): Promise<void> {
    await this.#store.rewrite(order, { checkpoint: null, parked });
    this.#cache.forget(stream);
    this.#committed(folded ? [folded] : []);
    this.#quarantine.committed([], parked);
  }

  #committed(folded: readonly FoldedOrder[]): void {
    const nowMs = performance.now();
    for (const { stream, rows } of folded) this.#cache.committed(stream, rows.order, nowMs);
  }
}

function isRefusal(error: unknown): boolean {
  if (isAway(error)) return false;
  if (error instanceof RangeError || error instanceof TypeError) return true;
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && REFUSALS.test(code);
}

function isOf(event: EventToPark, { tenantId, orderId }: OrderKey): boolean {
  return event.tenantId === tenantId && event.orderId === orderId;
}

function asBehind(event: EventToPark): EventToPark {
  return { ...event, kind: 'behind', reason: BEHIND_REASON, tries: 0, nextTryAfterMs: null };
}

function upToParked(order: Unparked, parked: readonly EventToPark[]): Unparked {
  const revisions = parked.filter((event) => isOf(event, order)).map(({ revision }) => revision);
  return { ...order, below: Math.min(order.below, ...revisions) };
}
