import type { Order } from '#domain/order/state.js';
import type { OrderKey, OrdersStore, Unparked } from '#read-models/stores/orders-store.js';
import { BEHIND_REASON, type EventToPark } from '#read-models/stores/quarantine.store.js';
import { foldedOrder, type FoldedOrder } from '../folded-order.js';
import { isAway } from '../interruptions.js';
import type { OrderCache } from '../order-cache.js';
import { parkedBehind, parkedWith, unappliable, type Tried } from './faults.js';
import type { Advanced } from './order-advance.js';
import type { OrderQuarantine } from './order-quarantine.js';

/** What was added to the store's write, and what is to be written with it. */
export interface OrdersToWrite {
  readonly folded: readonly FoldedOrder[];
  readonly parked: readonly EventToPark[];
  readonly unparked: readonly Unparked[];
  /** null: it stays. */
  readonly checkpoint: bigint | null;
  /** What failed before of the one order that is tried again. */
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
   * All in one transaction; but where PostgreSQL refuses some order's rows, the other orders are written before, and
   * the checkpoint last, together with what is parked.
   *
   * @returns what is parked now
   * @throws ForeignWrite, or what says that PostgreSQL is away: then the same is to be applied again
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
      return this.#writeOneByOne(what, error);
    }
  }

  async #writeOneByOne(what: OrdersToWrite, cause: unknown): Promise<readonly EventToPark[]> {
    const { folded, checkpoint } = what;
    const refused = folded.length === 1 ? [{ folded: folded[0]!, cause }] : await this.#writeApart(folded);
    let { parked } = what;
    for (const one of refused) parked = await this.#parkRefused(one, parked, what.tried ?? null);
    const unparked = what.unparked.map((order) => upToParked(order, parked));
    this.#store.begin();
    await this.#store.write({ checkpoint, parked, unparked });
    this.#quarantine.committed(unparked, parked);
    return parked;
  }

  /** Writes all that can be written, halving what is refused. */
  async #writeApart(folded: readonly FoldedOrder[]): Promise<Refused[]> {
    const middle = Math.ceil(folded.length / 2);
    const refused: Refused[] = [];
    for (const half of [folded.slice(0, middle), folded.slice(middle)]) {
      const cause = await this.#tryToWrite(half);
      if (cause === null) continue;
      if (half.length === 1) refused.push({ folded: half[0]!, cause });
      else refused.push(...(await this.#writeApart(half)));
    }
    return refused;
  }

  /** Event by event, up to the one that is refused. */
  async #parkRefused(
    { folded: { stream, before, events }, cause }: Refused,
    parked: readonly EventToPark[],
    tried: Tried | null,
  ): Promise<EventToPark[]> {
    let order: Order | null = before;
    for (const [index, event] of events.entries()) {
      const step = foldedOrder(stream, order, [event], this.#quarantine.skipped.of(stream));
      const refusal = await this.#tryToWrite([step]);
      if (refusal === null) {
        order = step.rows.order;
        continue;
      }
      const { orderId, tenantId } = step.rows.order;
      return [
        parkedWith(event, stream, unappliable(event, refusal), tried),
        ...events.slice(index + 1).map((later) => parkedBehind(later, stream)),
        ...parked.map((other) =>
          other.orderId === orderId && other.tenantId === tenantId ? asBehind(other) : other,
        ),
      ];
    }
    if (events.length === 0) throw cause; // nothing of an event: a row that could be written before
    return [...parked]; // one by one, all of them could be written
  }

  /** @returns why it was refused; null: it is written */
  async #tryToWrite(folded: readonly FoldedOrder[]): Promise<unknown> {
    this.#store.begin();
    for (const { rows } of folded) this.#store.add(rows);
    try {
      await this.#store.write({ checkpoint: null });
      this.#committed(folded);
      return null;
    } catch (error) {
      if (isRefusal(error)) return error;
      throw error;
    }
  }

  /** All that the read models have of one order, in the place of what they had. */
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

function asBehind(event: EventToPark): EventToPark {
  return { ...event, kind: 'behind', reason: BEHIND_REASON, tries: 0, nextTryAfterMs: null };
}

function upToParked(order: Unparked, parked: readonly EventToPark[]): Unparked {
  const revisions = parked
    .filter(({ tenantId, orderId }) => tenantId === order.tenantId && orderId === order.orderId)
    .map(({ revision }) => revision);
  return { ...order, below: Math.min(order.below, ...revisions) };
}
