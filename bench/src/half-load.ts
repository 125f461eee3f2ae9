import { randomUUID } from 'node:crypto';
import type { EventStore } from '#event-store/port.js';
import { latencies, NO_FIGURES, runLane, runWhole, untilDue, type Lane, type Row } from './measure.js';
import { untilPositionVisible } from './settle.js';
import { command, IN_FLIGHT, type System } from './system.js';
import { makeOrder } from './workload.js';

const FULL_LOAD_ORDERS = 3_000;
const SECONDS = 20;

export interface PlacedOrder {
  readonly orderId: string;
  /** Token of the order's position, for reads that must show the order. */
  readonly position: string;
}

/**
 * Places orders at half of the full load, and tells of each once it is acknowledged. For the full load, an order
 * counts as done when it can be read and, where there is an index, found.
 */
export async function placeAtHalfLoad(
  system: System,
  store: EventStore,
  onPlaced: (order: PlacedOrder, index: number) => Promise<void> | void,
  warmUpOrders = 0,
): Promise<Lane> {
  await runLane(warmUpOrders, IN_FLIGHT, (i) => placeOrder(system, 1_000_000 + i));
  const settle = () => untilPositionVisible(system, store);
  await settle();
  const full = await fullLoadPerSecond(FULL_LOAD_ORDERS, (i) => placeOrder(system, i), settle);
  const perSecond = full / 2;
  const startedMs = performance.now();
  return runLane(Math.floor(perSecond * SECONDS), IN_FLIGHT, async (i) => {
    await untilDue(startedMs, i, perSecond);
    await onPlaced(await placeOrder(system, FULL_LOAD_ORDERS + i), i);
  });
}

/**
 * The full load of a system: operations a second that are not only answered, but whose outcome can be read. The
 * work that read models put off at full load must be done at half load, so it counts too.
 */
export async function fullLoadPerSecond(
  count: number,
  operation: (index: number) => Promise<unknown>,
  settle: () => Promise<void>,
): Promise<number> {
  const { perSecond } = await runWhole(count, async () => {
    await runLane(count, IN_FLIGHT, operation);
    await settle();
  });
  return perSecond;
}

/**
 * Begins operations at equal intervals, whatever became of the earlier ones. Each is timed from when it was due,
 * so that waiting for a busy system counts.
 */
export async function runPaced(
  count: number,
  perSecond: number,
  operation: (index: number) => Promise<unknown>,
): Promise<Lane> {
  const latenciesMs = new Array<number>(count).fill(0);
  const startedMs = performance.now();
  const lane = await runLane(count, count, async (i) => {
    const dueMs = await untilDue(startedMs, i, perSecond);
    await operation(i);
    latenciesMs[i] = performance.now() - dueMs;
  });
  return { ...lane, latenciesMs };
}

/** A row about the latency of something while orders were placed. */
export function latencyRow(name: string, targetMs: number, lane: Lane, latenciesMs: readonly number[]): Row {
  return {
    ...NO_FIGURES,
    ...{ name, target: targetMs, perSecond: lane.perSecond, cpuMicrosPerOp: lane.cpuMicrosPerOp },
    ...latencies(latenciesMs),
  };
}

async function placeOrder(system: System, index: number): Promise<PlacedOrder> {
  const { body, position } = await command(system, '/v1/orders', randomUUID(), makeOrder(index));
  return { orderId: body.orderId, position };
}
