import { evolve } from '#domain/order/order.js';
import type { OrderState } from '#domain/order/state.js';
import { decode } from '#event-store/codec.js';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import type { RawEvent, StoredOrderEvent } from '#event-store/port.js';
import { ORDER_STREAM_PREFIX } from '#event-store/streams.js';
import { summaryOf } from '#read-models/order-summary.js';
import type { AsOf } from '#read-models/readers/as-of.js';
import type { Audience, OrderFilter } from '#read-models/readers/order-filter.js';
import type { SummaryItem } from '#read-models/readers/summary-item.js';

/** One order after one of its events. */
export interface FoldedMoment {
  readonly tenantId: string;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly item: SummaryItem;
}

/** The expected answers of lists, from a fold of every stream up to the moment. It uses no tables and no SQL. */
export class FoldedOrders {
  readonly #orders: readonly (readonly FoldedMoment[])[];

  constructor(streams: Iterable<readonly StoredOrderEvent[]>) {
    this.#orders = Array.from(streams, momentsOf);
  }

  /** Every order after each of its events. */
  get moments(): FoldedMoment[] {
    return this.#orders.flat();
  }

  /** Each order as of a moment, without orders placed later. @param asOf null: the current state */
  at(asOf: AsOf | null): FoldedMoment[] {
    return this.#orders.map((order) => momentAt(order, asOf)).filter((moment) => moment !== null);
  }

  /** Each order as of both moments; null: not placed by then. */
  between(from: AsOf, to: AsOf): { from: FoldedMoment | null; to: FoldedMoment | null }[] {
    return this.#orders.map((order) => ({ from: momentAt(order, from), to: momentAt(order, to) }));
  }
}

/** Folds all streams of a store. */
export async function readFoldedOrders(connectionString: string): Promise<FoldedOrders> {
  const store = new DbClientEventStore({ connectionString });
  const reading = new AbortController();
  const streams = new Map<string, RawEvent[]>();
  try {
    const all = store.subscribeToAll({
      after: null,
      streamPrefix: ORDER_STREAM_PREFIX,
      signal: reading.signal,
    });
    for await (const message of all) {
      if (message.kind === 'caught_up') break;
      if (message.kind !== 'event') continue;
      const { stream } = message.event;
      if (!streams.has(stream)) streams.set(stream, []);
      streams.get(stream)!.push(message.event);
    }
  } finally {
    reading.abort();
    await store.close();
  }
  return new FoldedOrders(await Promise.all([...streams.values()].map((events) => decode(events))));
}

function momentsOf(events: readonly StoredOrderEvent[]): FoldedMoment[] {
  let order: OrderState = null;
  return events.map((event) => {
    order = evolve(order, event);
    const { tenantId, ...item } = summaryOf(order);
    return { tenantId, occurredAt: event.occurredAt, recordedAt: event.recording.recordedAt, item };
  });
}

/** The order after the last event that is not later than the moment. */
function momentAt(order: readonly FoldedMoment[], asOf: AsOf | null): FoldedMoment | null {
  if (asOf === null) return order.at(-1) ?? null;
  return order.findLast((moment) => timeOf(moment, asOf.clock) <= asOf.at) ?? null;
}

export function timeOf({ occurredAt, recordedAt }: FoldedMoment, clock: AsOf['clock']): string {
  return clock === 'occurred' ? occurredAt : recordedAt;
}

/** Whether the audience may see the order and the filter accepts it. */
export function isAsked({ tenantId, item }: FoldedMoment, audience: Audience, filter: OrderFilter): boolean {
  const oneOf = (values: readonly string[] | null, value: string | null) =>
    values === null || values.length === 0 || (value !== null && values.includes(value));
  const equal = <T>(wanted: T | null, value: T | null) => wanted === null || wanted === value;
  return (
    tenantId === audience.tenantId &&
    equal(audience.customerId, item.customerId) &&
    equal(filter.customerId, item.customerId) &&
    oneOf(filter.status, item.status) &&
    oneOf(filter.paymentStatus, item.paymentStatus) &&
    oneOf(filter.fulfilmentStatus, item.fulfilmentStatus) &&
    oneOf(filter.returnStatus, item.returnStatus) &&
    equal(filter.onHold, item.onHold) &&
    oneOf(filter.country, item.country) &&
    equal(filter.currency, item.currency) &&
    equal(filter.number, item.number) &&
    equal(filter.reference, item.reference) &&
    (filter.tag === null || item.tags.includes(filter.tag)) &&
    (filter.from === null || item.placedAt >= filter.from) &&
    (filter.to === null || item.placedAt < filter.to) &&
    (filter.minTotalMinor === null || item.totalMinor >= filter.minTotalMinor) &&
    (filter.maxTotalMinor === null || item.totalMinor <= filter.maxTotalMinor)
  );
}

type Key = (item: SummaryItem) => string | number;

const keys: Readonly<Record<string, readonly Key[]>> = {
  placedAt: [(item) => item.placedAt],
  updatedAt: [(item) => item.updatedAt],
  total: [(item) => item.currency, (item) => item.totalMinor],
  number: [(item) => item.number],
  relevance: [(item) => -item.lineCount, (item) => item.placedAt],
};

/** Sorted as a list's `sort` asks; a minus sign and `relevance` sort in descending order. */
export function sorted(items: readonly SummaryItem[], sort: string): SummaryItem[] {
  const name = sort.replace(/^-/, '');
  const direction = sort.startsWith('-') || sort === 'relevance' ? -1 : 1;
  const all: readonly Key[] = [...keys[name]!, (item) => item.orderId];
  return [...items].sort((a, b) => {
    for (const key of all) {
      if (key(a) !== key(b)) return key(a) < key(b) ? -direction : direction;
    }
    return 0;
  });
}
