import type { EventStore } from '#event-store/port.js';
import { latencyRow, placeAtHalfLoad } from '../half-load.js';
import type { Row } from '../measure.js';
import { untilAnswered } from '../settle.js';
import type { System } from '../system.js';

/** One order in ten is watched: watching all would be a load of its own. */
const WATCHED_EVERY = 10;
const TARGET_P99_MS = 250;

/** Time from the acknowledgement of an order to its first appearance in query-api, at half of the full load. */
export async function visible(system: System, store: EventStore): Promise<Row> {
  const latenciesMs: number[] = [];
  const half = await placeAtHalfLoad(system, store, async ({ orderId, position }, i) => {
    if (i % WATCHED_EVERY !== 0) return;
    const acknowledgedMs = performance.now();
    await untilAnswered(system, `/v1/orders/${orderId}`, position);
    latenciesMs.push(performance.now() - acknowledgedMs);
  });
  return latencyRow('visible', TARGET_P99_MS, half, latenciesMs);
}
