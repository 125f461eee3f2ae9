import { randomUUID } from 'node:crypto';
import type { EventStore } from '#event-store/port.js';
import { fullLoadPerSecond, latencyRow, runPaced } from '../half-load.js';
import { compared, inTurn, interleave, ratioOfP99, runLane, WARM_UPS, type Row } from '../measure.js';
import { RawOrder, type PreparedAppend } from '../raw-orders.js';
import { untilPositionVisible } from '../settle.js';
import { command, IN_FLIGHT, type System } from '../system.js';
import { makeOrder } from '../workload.js';

const ORDERS = 1_500;
const TARGET_RATIO = 0.5;
/** At the same pace, the p99 of placing may be twice the p99 of the appends. */
const TARGET_P99_RATIO = 0.5;
/** With the same pace on both sides, only the latency differs. */
const PACED_SECONDS = 6;
const PACED_REPETITIONS = 3;

type Send = (index: number) => Promise<unknown>;

/**
 * Places orders over HTTP, against appending the same events to the same store through the same client: first at
 * full load, then both at half the rate that placing reaches.
 */
export async function place(system: System, store: EventStore): Promise<readonly Row[]> {
  let next = 0;
  const take = (count: number) => Array.from({ length: count }, () => makeOrder(next++));
  const placing = (count: number): Send => {
    const bodies = take(count).map((order) => JSON.stringify(order));
    return (i) => command(system, '/v1/orders', randomUUID(), bodies[i]!);
  };
  const appending = async (count: number): Promise<Send> => {
    const appends = await Promise.all(take(count).map((order) => new RawOrder().placed(order)));
    return (i) => appended(store, appends[i]!);
  };
  const settle = () => untilPositionVisible(system, store);
  const full = await interleave(
    { name: 'place', target: TARGET_RATIO },
    {
      ours: () => runLane(ORDERS, IN_FLIGHT, placing(ORDERS)),
      raw: async () => runLane(ORDERS, IN_FLIGHT, await appending(ORDERS)),
      settle,
    },
    WARM_UPS,
  );
  const perSecond = (await fullLoadPerSecond(ORDERS, placing(ORDERS), settle)) / 2;
  const count = Math.ceil(perSecond * PACED_SECONDS);
  const paced = await inTurn(
    {
      ours: async () => runPaced(count, perSecond, placing(count)),
      raw: async () => runPaced(count, perSecond, await appending(count)),
      settle,
    },
    { repetitions: PACED_REPETITIONS },
  );
  const latenciesMs = paced.raw.flatMap((lane) => [...lane.latenciesMs]);
  return [
    full,
    { ...compared({ name: 'place / p99', target: TARGET_P99_RATIO }, paced, ratioOfP99), rawPerSecond: null },
    { ...latencyRow('  / of the appends', TARGET_P99_RATIO, paced.raw[0]!, latenciesMs), target: null },
  ];
}

const appended = (store: EventStore, { stream, events, expected }: PreparedAppend) =>
  store.append(stream, events, expected);
