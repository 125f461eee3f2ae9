import type { EventCodec } from '#event-store/codec.js';
import type { EventStore, RawEvent, StoredOrderEvent } from '#event-store/port.js';
import type { Order } from '#domain/order/state.js';
import { pastSkipped, withoutSkipped, type SkippedRevisions } from '#read-models/skipped-events.js';
import type { OrdersStore } from '#read-models/stores/orders.store.js';
import type { EventToPark } from '#read-models/stores/quarantine.store.js';
import { foldedOrder, type FoldedOrder } from './folded-order.js';
import {
  DELETION_REVISION,
  faultOf,
  faultOfStream,
  lacking,
  MissingEvent,
  parkedBehind,
  parkedWith,
  revisionOf,
  unappliable,
  type Fault,
  type OrderItem,
  type Tried,
} from '../quarantine/faults.js';

export type AdvanceStore = Pick<EventStore, 'readStream' | 'headPosition'>;

/** An order that is to be advanced. */
export interface Advancing {
  readonly stream: string;
  readonly before: Order | null;
  readonly skipped: SkippedRevisions;
  /** The event that failed before; null: none did. */
  readonly tried: Tried | null;
}

/** How far an order came, and what stopped it. */
export interface Advanced {
  /** The rows added to the store's write; null: nothing of the order changed. */
  readonly folded: FoldedOrder | null;
  /** The event that stopped it, and those after it; empty when all were applied. */
  readonly parked: readonly EventToPark[];
  readonly duplicates: number;
  readonly filled: number;
}

/** Items in the order of their revisions, none missing up to the first that has a fault. */
interface Lined {
  readonly events: StoredOrderEvent[];
  readonly stopped: { readonly item: OrderItem; readonly fault: Fault } | null;
  readonly behind: OrderItem[];
  readonly duplicates: number;
  readonly filled: number;
}

/** Takes orders as far as their events can be applied, one order at a time. */
export class OrderAdvance {
  readonly #store: OrdersStore;
  readonly #eventStore: AdvanceStore;
  readonly #decodeEach: EventCodec['decodeEach'];

  constructor(store: OrdersStore, eventStore: AdvanceStore, decodeEach: EventCodec['decodeEach']) {
    this.#store = store;
    this.#eventStore = eventStore;
    this.#decodeEach = decodeEach;
  }

  /**
   * Advances one order, and adds its rows to the store's write.
   * @throws StoreUnavailable when a gap would have to be filled, and the event store is away
   */
  async advance(order: Advancing, items: readonly OrderItem[]): Promise<Advanced> {
    const { stream, tried } = order;
    const lined = await this.#lineUp(order, items);
    const { folded, fault, count } = this.#add(order, lined.events);
    const { duplicates, filled } = lined;
    const stopped = fault ? { item: lined.events[count]!, fault } : lined.stopped;
    if (stopped === null) return { folded, parked: [], duplicates, filled };
    const between = fault
      ? [...lined.events.slice(count + 1), ...(lined.stopped ? [lined.stopped.item] : [])]
      : [];
    const parked = [
      parkedWith(stopped.item, stream, stopped.fault, tried),
      ...[...between, ...lined.behind].map((item) => parkedBehind(item, stream)),
    ];
    return { folded, parked, duplicates, filled };
  }

  /** Leaves out duplicates, and fills gaps with events from the stream. */
  async #lineUp({ stream, before, skipped }: Advancing, items: readonly OrderItem[]): Promise<Lined> {
    const events: StoredOrderEvent[] = [];
    const behind: OrderItem[] = [];
    let stopped: Lined['stopped'] = null;
    let [duplicates, filled] = [0, 0];
    let reached = pastSkipped(before?.revision ?? -1, skipped);
    const take = (item: OrderItem) => {
      const fault = faultOf(item);
      if (stopped !== null) behind.push(...(item instanceof MissingEvent ? [] : [item]));
      else if (fault !== null) stopped = { item, fault };
      else {
        events.push(item as StoredOrderEvent);
        reached = pastSkipped(revisionOf(item), skipped);
      }
    };
    for (const item of items) {
      const revision = revisionOf(item);
      if (skipped.has(revision)) continue;
      if (revision <= reached) {
        duplicates += 1;
        continue;
      }
      if (stopped === null && revision > reached + 1 && revision !== DELETION_REVISION) {
        const found = await this.#between(stream, reached + 1, revision - 1, skipped);
        filled += found.filter((one) => !(one instanceof MissingEvent)).length;
        found.forEach(take);
      }
      take(item);
    }
    return { events, stopped, behind, duplicates, filled };
  }

  /** The events from one revision to another, with a MissingEvent for the first one that the stream does not give. */
  async #between(stream: string, from: number, to: number, skipped: SkippedRevisions): Promise<OrderItem[]> {
    const missing = (revision: number, fault: Fault) => new MissingEvent(stream, revision, fault);
    const raw: RawEvent[] = [];
    try {
      const range = { fromRevision: from, maxCount: to - from + 1 };
      for await (const event of this.#eventStore.readStream(stream, range)) raw.push(event);
    } catch (error) {
      return [missing(from, await faultOfStream(this.#eventStore, error))];
    }
    const found: OrderItem[] = [...(await this.#decodeEach(withoutSkipped(raw, skipped)))];
    const there = new Set(raw.map(({ revision }) => revision));
    for (let revision = from; revision <= to; revision++) {
      if (there.has(revision) || skipped.has(revision)) continue;
      const at = found.findIndex((item) => revisionOf(item) > revision);
      found.splice(at === -1 ? found.length : at, 0, missing(revision, lacking(revision)));
      break; // nothing after it is applied, so it does not matter what else is missing
    }
    return found;
  }

  /** Adds as many of the events as can be applied; `fault` is that of the next one. */
  #add(
    { stream, before, skipped }: Advancing,
    events: readonly StoredOrderEvent[],
  ): { folded: FoldedOrder | null; count: number; fault: Fault | null } {
    if (events.length === 0 && (before === null || !skipped.has(before.revision + 1))) {
      return { folded: null, count: 0, fault: null };
    }
    try {
      const folded = foldedOrder(stream, before, events, skipped);
      this.#store.add(folded.rows);
      return { folded, count: events.length, fault: null };
    } catch (error) {
      if (events.length === 0) throw error; // a row that was written before can be written again
      const { count, cause } = this.#applicable({ stream, before, skipped }, events);
      const fault = unappliable(events[count]!, cause ?? error);
      if (count === 0) return { folded: null, count, fault };
      const folded = foldedOrder(stream, before, events.slice(0, count), skipped);
      this.#store.add(folded.rows);
      return { folded, count, fault };
    }
  }

  /** These events cannot all be applied: how many can, one after the other; fewer than all. */
  #applicable(
    { stream, before, skipped }: Pick<Advancing, 'stream' | 'before' | 'skipped'>,
    events: readonly StoredOrderEvent[],
  ): { count: number; cause: unknown } {
    let order = before;
    for (const [count, event] of events.entries()) {
      try {
        const { rows } = foldedOrder(stream, order, [event], skipped);
        this.#store.check(rows);
        order = rows.order;
      } catch (cause) {
        return { count, cause };
      }
    }
    return { count: events.length - 1, cause: null };
  }
}
