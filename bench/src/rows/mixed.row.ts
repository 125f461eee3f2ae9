import { randomUUID } from 'node:crypto';
import type { EventStore } from '#event-store/port.js';
import { startCommandApi } from '../command-apis.js';
import { steps } from '../lifecycle-steps.js';
import { interleave, runLane, WARM_UPS, type Lane, type Row } from '../measure.js';
import { RawOrder, type PreparedAppend } from '../raw-orders.js';
import { untilPositionVisible } from '../settle.js';
import { command, IN_FLIGHT, type System } from '../system.js';
import { makeOrder, seeded, totalMinorOf, type BenchOrder } from '../workload.js';
import { zipf } from '../zipf.js';

const ORDERS = 10_000;
const COMMANDS = 3_000;
const TARGET_RATIO = 0.45;
const TARGET_COLD_RATIO = 0.25;
/** In megabytes: no order is cached. */
const NO_CACHE = '0';

interface OpenOrder {
  readonly order: BenchOrder;
  readonly orderId: string;
  shipmentId: string;
  nextStep: number;
  /** Resolves when the steps begun so far are done, since each step needs the one before it. */
  ready: Promise<unknown>;
}

interface AppendedOrder {
  readonly order: BenchOrder;
  readonly to: RawOrder;
  nextStep: number;
}

/**
 * Confirms, pays, notes, ships, delivers and completes 10,000 orders, and tags completed ones. A few orders get
 * most of the commands. It is compared with appending the same events to as many orders: once with the cache of
 * folded orders, and once without it, so that each command loads its order.
 */
export async function mixed(system: System, store: EventStore): Promise<readonly Row[]> {
  const orders = Array.from({ length: ORDERS }, (_, i) => makeOrder(i));
  const ours = await placeAll(system, orders);
  const raw = orders.map((order): AppendedOrder => ({ order, to: new RawOrder(), nextStep: 0 }));
  await appendAll(store, await Promise.all(raw.map(({ order, to }) => to.placed(order))));
  await untilPositionVisible(system, store);
  const compared = (name: string, target: number, through: System) => {
    // Both sides draw the same orders in the same sequence.
    const [next, nextRaw] = [zipf(ORDERS, seeded(1)), zipf(ORDERS, seeded(1))];
    return interleave(
      { name, target },
      {
        ours: () => runLane(COMMANDS, IN_FLIGHT, () => takeStep(through, ours[next()]!)),
        raw: () => rawLane(store, () => raw[nextRaw()]!),
        settle: () => untilPositionVisible(system, store),
      },
      WARM_UPS,
    );
  };
  const cached = await compared('mixed', TARGET_RATIO, system);
  const coldApi = await startCommandApi(system, { ORDERLOG_STATE_CACHE_MB: NO_CACHE });
  try {
    return [cached, await compared('mixed / cold', TARGET_COLD_RATIO, coldApi)];
  } finally {
    await coldApi.stop();
  }
}

async function rawLane(store: EventStore, next: () => AppendedOrder): Promise<Lane> {
  const appends: PreparedAppend[] = [];
  for (let i = 0; i < COMMANDS; i++) {
    const entry = next();
    const turn = entry.nextStep++;
    const prepared = steps[turn]?.command(entry.to.state!, totalMinorOf(entry.order));
    appends.push(
      await entry.to.prepare(
        prepared ?? { type: 'ChangeTags', data: { tags: [`turn ${turn}`] }, personal: null },
      ),
    );
  }
  // The appends to one order are sent in their order, and stored in it.
  return appendAll(store, appends);
}

async function takeStep(system: System, open: OpenOrder): Promise<void> {
  const turn = open.nextStep++;
  const step = steps[turn];
  const send = async () => {
    if (!step) return tag(system, open, turn);
    const path = step.path(open.orderId, open.shipmentId);
    const { body } = await command(system, path, randomUUID(), step.body(totalMinorOf(open.order)));
    const created = body.events.find(({ type }) => type === 'ShipmentCreated');
    open.shipmentId = created?.ids['shipmentId'] ?? open.shipmentId;
  };
  const taken = open.ready.then(send);
  if (step) open.ready = taken;
  await taken;
}

/** Tags leave the order as large as it was, however often they change. */
async function tag(system: System, { orderId }: OpenOrder, turn: number): Promise<void> {
  await command(system, `/v1/orders/${orderId}/tags`, randomUUID(), { tags: [`turn ${turn}`] }, 'PUT');
}

async function placeAll(system: System, orders: readonly BenchOrder[]): Promise<OpenOrder[]> {
  const placed = new Array<OpenOrder>(orders.length);
  await runLane(orders.length, IN_FLIGHT, async (i) => {
    const { body } = await command(system, '/v1/orders', randomUUID(), orders[i]);
    const { orderId } = body;
    placed[i] = { order: orders[i]!, orderId, shipmentId: '', nextStep: 0, ready: Promise.resolve() };
  });
  return placed;
}

function appendAll(store: EventStore, appends: readonly PreparedAppend[]): Promise<Lane> {
  return runLane(appends.length, IN_FLIGHT, (i) => {
    const { stream, events, expected } = appends[i]!;
    return store.append(stream, events, expected);
  });
}
