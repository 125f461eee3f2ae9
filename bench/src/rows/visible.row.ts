import { randomUUID } from 'node:crypto';
import type { EventStore } from '#event-store/port.js';
import { percentile, runLane, type Row } from '../measure.js';
import { untilAnswered, untilPositionVisible } from '../settle.js';
import { command, IN_FLIGHT, type System } from '../system.js';
import { makeOrder } from '../workload.js';

const WARM_UP_ORDERS = 1_500;
const SECONDS = 20;
/** One order in so many is watched: watching all would be the load. */
const WATCHED_EVERY = 10;
const TARGET_P99_MS = 250;

/** From the acknowledgement of an order to its first appearance in query-api, at half of what placing can do. */
export async function visible(system: System, store: EventStore): Promise<Row> {
  const full = await runLane(WARM_UP_ORDERS, IN_FLIGHT, (i) => placeOrder(system, i));
  await untilPositionVisible(system, store);
  const perSecond = full.perSecond / 2;
  const latenciesMs: number[] = [];
  const count = Math.floor(perSecond * SECONDS);
  const startedMs = performance.now();
  const half = await runLane(count, IN_FLIGHT, async (i) => {
    const dueMs = startedMs + (i / perSecond) * 1_000;
    await new Promise((due) => setTimeout(due, dueMs - performance.now()));
    const { orderId, position } = await placeOrder(system, WARM_UP_ORDERS + i);
    if (i % WATCHED_EVERY !== 0) return;
    const acknowledgedMs = performance.now();
    await untilAnswered(system, `/v1/orders/${orderId}`, position);
    latenciesMs.push(performance.now() - acknowledgedMs);
  });
  return {
    name: 'visible',
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

async function placeOrder(system: System, index: number): Promise<{ orderId: string; position: string }> {
  const { body, position } = await command(system, '/v1/orders', randomUUID(), makeOrder(index));
  return { orderId: body.orderId, position };
}
