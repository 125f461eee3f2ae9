import type pg from 'pg';
import type { EventStore } from '#event-store/port.js';
import { ORDER_STREAM_PREFIX, parseOrderStream } from '#event-store/streams.js';
import type { Generation } from '#read-models/generations/generation.js';
import { keysWithoutOrder, ordersWithoutRow } from '#read-models/stores/order-keys.js';
import type { OrderKey } from '#read-models/order-key.js';
import type { Difference } from './differences.js';
import type { Throttle } from '../replay/throttle.js';

export interface CoverageOptions {
  readonly eventStore: Pick<EventStore, 'subscribeToAll'>;
  readonly pool: pg.Pool;
  readonly signal?: AbortSignal;
  /** For the events that are read; absent: no limit. */
  readonly throttle?: Throttle;
  /** Told now and then how many events were looked at. */
  readonly onEvents: (count: number) => void;
}

const PAGE_ORDERS = 500;
const TELL_EVERY_EVENTS = 5_000;
const THROTTLE_EVENTS = 50;
const MAX_FOUND = 1_000;

/** Orders whose stream began at or before the head, and that have no row. */
export async function* streamsWithoutRow(
  options: CoverageOptions,
  generation: Generation,
  head: bigint,
): AsyncGenerator<Difference> {
  let keys: OrderKey[] = [];
  for await (const key of streamsUpTo(options, head)) {
    keys.push(key);
    if (keys.length < PAGE_ORDERS) continue;
    yield* await missing(options.pool, generation, keys);
    keys = [];
  }
  yield* await missing(options.pool, generation, keys);
}

/** Orders that have history or can be found, but have no row. */
export async function rowsWithoutOrder(pool: pg.Pool, generation: Generation): Promise<Difference[]> {
  const found: Difference[] = [];
  const searched = generation.searchIndex === null ? (['order_search'] as const) : [];
  for (const table of ['order_history', ...searched] as const) {
    const keys = await keysWithoutOrder(pool, generation, table, MAX_FOUND);
    found.push(...keys.map((key) => wholeRow(key, 'extra_row', table)));
  }
  return found;
}

async function* streamsUpTo(options: CoverageOptions, head: bigint): AsyncGenerator<OrderKey> {
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const messages = options.eventStore.subscribeToAll({
    after: null,
    streamPrefix: ORDER_STREAM_PREFIX,
    signal,
  });
  let count = 0;
  try {
    for await (const message of messages) {
      if (message.kind === 'caught_up') return;
      const position = message.kind === 'event' ? message.event.position : message.position;
      if (position > head) return;
      if (message.kind === 'event' && message.event.revision === 0) {
        const key = parseOrderStream(message.event.stream);
        if (key) yield key; // a stream that belongs to no order needs no row
      }
      if (++count % TELL_EVERY_EVENTS === 0) options.onEvents(count);
      if (count % THROTTLE_EVENTS === 0) await options.throttle?.passed(THROTTLE_EVENTS, options.signal);
      if (position === head) return;
    }
    options.signal?.throwIfAborted();
  } finally {
    stop.abort();
  }
}

async function missing(
  pool: pg.Pool,
  generation: Generation,
  keys: readonly OrderKey[],
): Promise<Difference[]> {
  const found = await ordersWithoutRow(pool, generation, keys);
  return found.map((key) => wholeRow(key, 'missing_row', 'orders'));
}

function wholeRow(
  { tenantId, orderId }: OrderKey,
  kind: 'missing_row' | 'extra_row',
  path: string,
): Difference {
  return { tenantId, orderId, kind, path, expected: null, actual: null };
}
