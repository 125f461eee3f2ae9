import type { EventStore } from '#event-store/port.js';
import { latencyRow, placeAtHalfLoad } from '../half-load.js';
import type { Row } from '../measure.js';
import { query, searchOrders, type System } from '../system.js';

/** One order in so many is watched: watching all would be the load. */
const WATCHED_EVERY = 40;
const LOOK_EVERY_MS = 20;
/** The index is refreshed each second. */
const TARGET_P99_MS = 1_250;

/**
 * From the acknowledgement of an order to the first search that finds it in Elasticsearch, at half of what placing
 * can do; nobody asks for a refresh.
 */
export async function searchable(system: System, store: EventStore): Promise<Row> {
  const latenciesMs: number[] = [];
  const watched: Promise<void>[] = [];
  const half = await placeAtHalfLoad(system, store, ({ orderId }, i) => {
    if (i % WATCHED_EVERY !== 0) return;
    const acknowledgedMs = performance.now();
    const found = untilFound(system, orderId).then(() =>
      latenciesMs.push(performance.now() - acknowledgedMs),
    );
    watched.push(found.then(() => {}));
  });
  await Promise.all(watched);
  return latencyRow('searchable', TARGET_P99_MS, half, latenciesMs);
}

/** An order's own number finds it: no other has it. */
async function untilFound(system: System, orderId: string): Promise<void> {
  const { number } = await orderOf(system, orderId);
  for (;;) {
    const { total } = await searchOrders(system, { filters: { number }, facets: [], limit: 1 });
    if (total === 1) return;
    await new Promise((later) => setTimeout(later, LOOK_EVERY_MS));
  }
}

async function orderOf(system: System, orderId: string): Promise<{ number: string }> {
  for (;;) {
    const path = `/v1/orders/${orderId}?minRevision=0`;
    const { status, text } = await query(system, path, { expected: [200, 503] });
    if (status === 200) return JSON.parse(text) as { number: string };
  }
}
