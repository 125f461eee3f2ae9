import { randomUUID } from 'node:crypto';
import type { EventStore } from '#event-store/port.js';
import { latencies, NO_FIGURES, runLane, untilDue, type Lane, type Row } from './measure.js';
import { untilPositionVisible } from './settle.js';
import { command, IN_FLIGHT, type System } from './system.js';
import { makeOrder } from './workload.js';

const WARM_UP_ORDERS = 1_500;
const SECONDS = 20;

export interface PlacedOrder {
  readonly orderId: string;
  /** As a token for reads that must show it. */
  readonly position: string;
}

/** Places orders at half of what placing can do; tells of each once it is acknowledged. */
export async function placeAtHalfLoad(
  system: System,
  store: EventStore,
  onPlaced: (order: PlacedOrder, index: number) => Promise<void> | void,
): Promise<Lane> {
  const full = await runLane(WARM_UP_ORDERS, IN_FLIGHT, (i) => placeOrder(system, i));
  await untilPositionVisible(system, store);
  const perSecond = full.perSecond / 2;
  const startedMs = performance.now();
  return runLane(Math.floor(perSecond * SECONDS), IN_FLIGHT, async (i) => {
    await untilDue(startedMs, i, perSecond);
    await onPlaced(await placeOrder(system, WARM_UP_ORDERS + i), i);
  });
}

/**
 * Begins an operation at each of equal times, whatever became of those before; each is timed from when it was due, so
 * that waiting for a busy system counts.
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

/** A row about how long something took while orders were placed. */
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
