import { setTimeout } from 'node:timers/promises';
import type { EventStore } from '#event-store/port.js';
import { decodeOrderPosition } from '#platform/order-position.js';
import { REFRESH_WITHIN_MS } from '#projections/search/timely-refresh.js';
import { latencyRow, placeAtHalfLoad, type PlacedOrder } from '../half-load.js';
import type { Row } from '../measure.js';
import { query, type System } from '../system.js';

const LOOK_EVERY_MS = 20;
/** A search that costs next to nothing. Its answer tells how far the index is, whatever is found. */
const NOBODYS = { filters: { number: 'NOBODYS' } };
/** Elasticsearch compiles its code while it runs, and is slow until then. */
const WARM_UP_ORDERS = 15_000;
/** Time for the refresh itself and for what comes before it. */
const REFRESH_LASTS_MS = 250;

interface WaitingOrder {
  readonly orderId: string;
  readonly position: bigint;
  readonly acknowledgedMs: number;
}

/**
 * Time from the acknowledgement of an order to the first search in Elasticsearch whose answer says that the order
 * is indexed. It is measured at half of the full load, and no reader asks for a refresh. One search after another
 * looks for all waiting orders: a search for each order would be a load of its own. Of the orders that become
 * indexed together, one is searched for and must be found.
 */
export async function searchable(system: System, store: EventStore): Promise<Row> {
  const waiting: WaitingOrder[] = [];
  const placed = new AbortController();
  const looking = lookFor(system, waiting, placed.signal);
  const place = (order: PlacedOrder) => void waiting.push(acknowledged(order));
  const half = await placeAtHalfLoad(system, store, place, WARM_UP_ORDERS);
  placed.abort();
  return latencyRow('searchable', REFRESH_WITHIN_MS + REFRESH_LASTS_MS, half, await looking);
}

function acknowledged({ orderId, position: token }: PlacedOrder): WaitingOrder {
  const { position } = decodeOrderPosition(token)!;
  return { orderId, position, acknowledgedMs: performance.now() };
}

/** @returns how long each order has waited, once all are placed and found */
async function lookFor(system: System, waiting: WaitingOrder[], placed: AbortSignal): Promise<number[]> {
  const latenciesMs: number[] = [];
  while (!placed.aborted || waiting.length > 0) {
    const { indexedThrough } = await search<{ indexedThrough: string | null }>(system, NOBODYS);
    const nowMs = performance.now();
    const found = waiting.filter(({ position }) => position <= BigInt(indexedThrough ?? -1));
    if (found.length > 0) {
      const left = waiting.filter((order) => !found.includes(order));
      waiting.splice(0, waiting.length, ...left);
      latenciesMs.push(...found.map(({ acknowledgedMs }) => nowMs - acknowledgedMs));
      await requireFound(system, found.at(-1)!);
    }
    await setTimeout(LOOK_EVERY_MS);
  }
  return latenciesMs;
}

async function requireFound(system: System, { orderId }: WaitingOrder): Promise<void> {
  const { text } = await query(system, `/v1/orders/${orderId}`);
  const { number } = JSON.parse(text) as { number: string };
  const { total } = await search<{ total: number }>(system, { filters: { number } });
  if (total !== 1) throw new Error(`order ${number} is said to be indexed, and is not found`);
}

async function search<T>(system: System, body: object): Promise<T> {
  const { text } = await query(system, '/v1/orders/search', { body: { facets: [], limit: 1, ...body } });
  return JSON.parse(text) as T;
}
