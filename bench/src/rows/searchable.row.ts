import { randomUUID } from 'node:crypto';
import type { EventStore } from '#event-store/port.js';
import { percentile, runLane, type Row } from '../measure.js';
import { untilPositionVisible } from '../settle.js';
import { command, IN_FLIGHT, searchOrders, type System } from '../system.js';
import { makeOrder } from '../workload.js';

const WARM_UP_ORDERS = 1_500;
const SECONDS = 20;
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
  const full = await runLane(WARM_UP_ORDERS, IN_FLIGHT, (i) => placeOrder(system, i));
  await untilPositionVisible(system, store);
  const perSecond = full.perSecond / 2;
  const count = Math.floor(perSecond * SECONDS);
  const latenciesMs: number[] = [];
  const watched: Promise<void>[] = [];
  const startedMs = performance.now();
  const half = await runLane(count, IN_FLIGHT, async (i) => {
    const dueMs = startedMs + (i / perSecond) * 1_000;
    await new Promise((due) => setTimeout(due, dueMs - performance.now()));
    const orderId = await placeOrder(system, WARM_UP_ORDERS + i);
    if (i % WATCHED_EVERY !== 0) return;
    const acknowledgedMs = performance.now();
    const found = untilFound(system, orderId).then(() =>
      latenciesMs.push(performance.now() - acknowledgedMs),
    );
    watched.push(found.then(() => {}));
  });
  await Promise.all(watched);
  return {
    name: 'searchable',
    ratio: null,
    ratios: null,
    target: TARGET_P99_MS,
    perSecond: half.perSecond,
    rawPerSecond: null,
    cpuMicrosPerOp: half.cpuMicrosPerOp,
    p50Ms: percentile(latenciesMs, 0.5),
    p95Ms: percentile(latenciesMs, 0.95),
    p99Ms: percentile(latenciesMs, 0.99),
  };
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
    const response = await system.queries.request({
      path: `/v1/orders/${orderId}?minRevision=0`,
      method: 'GET',
      headers: { authorization: `Bearer ${system.token}` },
    });
    const text = await response.body.text();
    if (response.statusCode === 200) return JSON.parse(text) as { number: string };
    if (response.statusCode !== 503) throw new Error(`the order answered ${response.statusCode}: ${text}`);
  }
}

async function placeOrder(system: System, index: number): Promise<string> {
  return (await command(system, '/v1/orders', randomUUID(), makeOrder(index))).body.orderId;
}
