import type { RawEvent } from '#event-store/port.js';
import { parseOrderStream } from '#event-store/streams.js';
import type { Order } from '#domain/order/state.js';
import { pastSkipped } from '#read-models/skipped-events.js';
import {
  DELETED,
  DELETION_REVISION,
  faultOfStream,
  lacking,
  MissingEvent,
  type Fault,
  type OrderItem,
  type Tried,
} from './faults.js';
import type { OwnedOrders } from '../orders/owned-orders.js';
import type { KnownParkedOrder } from './order-quarantine.js';

/** The outcome of another try. */
export interface Retried {
  /** Of the order's row; null: there is none. */
  readonly revision: number | null;
  /** Where and why the order is still parked; null: it is not any more. */
  readonly stillParked: { readonly revision: number; readonly reason: string } | null;
}

/** Events of an order that are read and written at a time. */
const PAGE_EVENTS = 500;

/** The outcome of one page. */
interface PageTried {
  /** What had failed before the first page was tried. */
  readonly tried: Tried;
  /** null: there are more pages. */
  readonly retried: Retried | null;
}

/**
 * Tries parked orders again: reads what is parked from the stream, and applies it in order. Each page is done by
 * itself, so that an order of many events keeps no batch waiting.
 */
export class ParkedOrderRetrier {
  readonly #orders: OwnedOrders;

  constructor(orders: OwnedOrders) {
    this.#orders = orders;
  }

  /**
   * Tries one order again; null: nothing of it is parked. If its stream alone cannot be read, the order stays
   * parked for that.
   * @throws StoreUnavailable when the event store as a whole is away: nothing has changed then
   */
  async retry(stream: string): Promise<Retried | null> {
    const { oneAtATime } = this.#orders;
    let page = await oneAtATime.run(() => this.#tryPage(stream, null));
    while (page?.retried === null) {
      const { tried } = page;
      page = await oneAtATime.run(() => this.#tryPage(stream, tried));
    }
    return page && page.retried;
  }

  async #tryPage(stream: string, triedBefore: Tried | null): Promise<PageTried | null> {
    const { store, quarantine, writer, advance } = this.#orders;
    const known = quarantine.get(stream);
    if (!known) return null;
    const { tenantId, orderId } = known;
    const before: Order | null = (await store.load([known]))[0] ?? null;
    const skipped = quarantine.skipped.of(stream);
    const page = await this.#page(stream, known, before);
    store.begin();
    const tried = triedBefore ?? { revision: known.revision, tries: known.tries };
    const advanced = await advance.advance({ stream, before, skipped, tried }, page.items);
    const below = advanced.parked[0]?.revision ?? page.lastRevision + 1;
    const [first] = await writer.write({
      folded: advanced.folded ? [advanced.folded] : [],
      parked: advanced.parked,
      unparked: [{ tenantId, orderId, below }],
      checkpoint: null,
      tried,
    });
    if (!first && !page.isLast) return { tried, retried: null };
    await store.announce();
    const revision = (await store.load([known]))[0]?.revision ?? null;
    return { tried, retried: { revision, stillParked: first ?? null } };
  }

  /**
   * Makes an order's rows anew, up to the revision they have, because an event that they were made with is skipped now.
   * @returns why the rows stay as they are: their stream cannot be read; null: they are made anew, or there are none
   * @throws StoreUnavailable when the event store as a whole is away
   */
  refold(stream: string): Promise<Fault | null> {
    const { oneAtATime, store, quarantine, writer, advance, decodeEach } = this.#orders;
    return oneAtATime.run(async () => {
      const key = parseOrderStream(stream)!;
      const [order] = await store.load([key]);
      if (!order) return null;
      const { raw, fault } = await this.#read(stream, 0, order.revision + 1);
      if (fault !== null) return fault;
      const skipped = quarantine.skipped.of(stream);
      store.begin();
      const items = await decodeEach(raw);
      await writer.rewrite(
        key,
        stream,
        await advance.advance({ stream, before: null, skipped, tried: null }, items),
      );
      await store.announce();
      return null;
    });
  }

  /** The next page of the parked events. */
  async #page(
    stream: string,
    known: KnownParkedOrder,
    order: Order | null,
  ): Promise<{ items: OrderItem[]; lastRevision: number; isLast: boolean }> {
    const { quarantine, decodeEach } = this.#orders;
    const skipped = quarantine.skipped.of(stream);
    const { lastRevision: last } = known;
    const from = pastSkipped(order?.revision ?? -1, skipped) + 1;
    const wanted = Math.min(PAGE_EVENTS, last - from + 1);
    if (wanted <= 0) return { items: [], lastRevision: last, isLast: true };
    const { raw, fault } = await this.#read(stream, from, wanted);
    if (fault === DELETED) {
      return {
        items: [new MissingEvent(stream, DELETION_REVISION, DELETED)],
        lastRevision: DELETION_REVISION,
        isLast: true,
      };
    }
    const items: OrderItem[] = [...(await decodeEach(raw))];
    const reached = raw.at(-1)?.revision ?? from - 1;
    if (raw.length === wanted) return { items, lastRevision: reached, isLast: reached >= last };
    const next = pastSkipped(reached, skipped) + 1;
    if (next <= last && (fault !== null || last !== DELETION_REVISION))
      items.push(new MissingEvent(stream, next, fault ?? lacking(next)));
    return { items, lastRevision: last, isLast: true };
  }

  /**
   * Reads events; those before a fault are returned with it.
   * @throws StoreUnavailable when the event store as a whole is away
   */
  async #read(
    stream: string,
    fromRevision: number,
    maxCount: number,
  ): Promise<{ raw: RawEvent[]; fault: Fault | null }> {
    const { eventStore } = this.#orders;
    const raw: RawEvent[] = [];
    try {
      for await (const event of eventStore.readStream(stream, { fromRevision, maxCount })) raw.push(event);
      return { raw, fault: null };
    } catch (error) {
      return { raw, fault: await faultOfStream(eventStore, error) };
    }
  }
}
