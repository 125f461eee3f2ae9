import { randomUUID } from 'node:crypto';
import type { EventStore } from '#event-store/port.js';
import { steps } from '../lifecycle-steps.js';
import { interleave, REPETITIONS, runLane, type Row } from '../measure.js';
import { RawOrder, type PreparedAppend } from '../raw-orders.js';
import { untilPositionVisible } from '../settle.js';
import { command, IN_FLIGHT, type System } from '../system.js';
import { makeOrder, totalMinorOf, type BenchOrder } from '../workload.js';

const ORDERS = 10_000;
const COMMANDS = 3_000;
const TARGET_RATIO = 0.45;

interface OpenOrder {
  readonly order: BenchOrder;
  readonly orderId: string;
  shipmentId: string;
  nextStep: number;
}

/**
 * Confirming, paying, noting, shipping, delivering and completing 10,000 orders, in turn, against appending
 * the same events to as many orders.
 */
export async function mixed(system: System, store: EventStore): Promise<Row> {
  const orders = Array.from({ length: ORDERS }, (_, i) => makeOrder(i));
  const ours = await placeAll(system, orders);
  const raw = orders.map((order) => ({ order, to: new RawOrder(), nextStep: 0 }));
  await appendAll(store, await Promise.all(raw.map(({ order, to }) => to.placed(order))));
  await untilPositionVisible(system, store);
  // Each repetition takes up where the last ended, so that the mix of commands is the same in all.
  const begin = (repetition: number) => repetition * COMMANDS;
  if (REPETITIONS * COMMANDS > ORDERS * steps.length)
    throw new Error('not enough orders for all repetitions');
  return interleave(
    { name: 'mixed', target: TARGET_RATIO },
    {
      ours: (repetition) =>
        runLane(COMMANDS, IN_FLIGHT, (i) => takeStep(system, ours[spread(begin(repetition) + i)]!)),
      raw: async (repetition) => {
        const appends: PreparedAppend[] = [];
        for (let i = 0; i < COMMANDS; i++) {
          const entry = raw[spread(begin(repetition) + i)]!;
          const step = steps[entry.nextStep++]!;
          appends.push(await entry.to.prepare(step.command(entry.to.state!, totalMinorOf(entry.order))));
        }
        return runLane(COMMANDS, IN_FLIGHT, (i) => {
          const { stream, events, expected } = appends[i]!;
          return store.append(stream, events, expected);
        });
      },
      settle: () => untilPositionVisible(system, store),
    },
  );
}

/** Neighbouring commands concern orders far apart; over seven rounds every order takes every step. */
function spread(i: number): number {
  return (i * 4_801) % ORDERS; // coprime with the number of orders
}

async function takeStep(system: System, open: OpenOrder): Promise<void> {
  const step = steps[open.nextStep++]!;
  const path = step.path(open.orderId, open.shipmentId);
  const { body } = await command(system, path, randomUUID(), step.body(totalMinorOf(open.order)));
  open.shipmentId =
    body.events.find(({ type }) => type === 'ShipmentCreated')?.ids['shipmentId'] ?? open.shipmentId;
}

async function placeAll(system: System, orders: readonly BenchOrder[]): Promise<OpenOrder[]> {
  const placed = new Array<OpenOrder>(orders.length);
  await runLane(orders.length, IN_FLIGHT, async (i) => {
    const { body } = await command(system, '/v1/orders', randomUUID(), orders[i]);
    placed[i] = { order: orders[i]!, orderId: body.orderId, shipmentId: '', nextStep: 0 };
  });
  return placed;
}

async function appendAll(store: EventStore, appends: readonly PreparedAppend[]): Promise<void> {
  await runLane(appends.length, IN_FLIGHT, (i) => {
    const { stream, events, expected } = appends[i]!;
    return store.append(stream, events, expected);
  });
}
