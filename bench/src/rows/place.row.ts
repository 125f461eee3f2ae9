import { randomUUID } from 'node:crypto';
import type { EventStore } from '#event-store/port.js';
import { latencyRow, runPaced } from '../half-load.js';
import { interleave, percentile, runLane, WARM_UPS, type Lane, type Row } from '../measure.js';
import { RawOrder, type PreparedAppend } from '../raw-orders.js';
import { untilPositionVisible } from '../settle.js';
import { command, IN_FLIGHT, type System } from '../system.js';
import { makeOrder } from '../workload.js';

const ORDERS = 1_500;
const TARGET_RATIO = 0.5;
/** The slowest of a hundred may take twice as long as the slowest of a hundred appends, at the same pace. */
const TARGET_P99_RATIO = 0.5;
const PACED_SECONDS = 6;

type Send = (index: number) => Promise<unknown>;

/**
 * Placing orders over HTTP against appending the same events to the same store through the same client: as many as
 * there can be, then both at the pace of half of what placing can do.
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
  const perSecond = full.perSecond! / 2;
  const count = Math.ceil(perSecond * PACED_SECONDS);
  const paced = await pacedInTurn({
    ours: async () => runPaced(count, perSecond, placing(count)),
    raw: async () => runPaced(count, perSecond, await appending(count)),
    settle,
  });
  return [full, ...paced];
}

const appended = (store: EventStore, { stream, events, expected }: PreparedAppend) =>
  store.append(stream, events, expected);

const PACED_REPETITIONS = 3;

/** At the same pace on both sides, what differs is the latency: the row's ratio is theirs over ours, at the p99. */
async function pacedInTurn(lanes: {
  ours: () => Promise<Lane>;
  raw: () => Promise<Lane>;
  settle: () => Promise<void>;
}): Promise<readonly Row[]> {
  const ours: Lane[] = [];
  const raw: Lane[] = [];
  for (let repetition = 0; repetition < PACED_REPETITIONS; repetition++) {
    ours.push(await lanes.ours());
    await lanes.settle();
    raw.push(await lanes.raw());
    await lanes.settle();
  }
  const p99Ms = ({ latenciesMs }: Lane) => percentile(latenciesMs, 0.99);
  const ratios = ours.map((lane, i) => p99Ms(raw[i]!) / p99Ms(lane));
  const all = (of: readonly Lane[]) => of.flatMap((lane) => [...lane.latenciesMs]);
  return [
    {
      ...latencyRow('place / p99', TARGET_P99_RATIO, ours[0]!, all(ours)),
      ratio: percentile(ratios, 0.5),
      ratios,
    },
    { ...latencyRow('  / of the appends', TARGET_P99_RATIO, raw[0]!, all(raw)), target: null },
  ];
}
