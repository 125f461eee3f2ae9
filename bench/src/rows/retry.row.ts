import { randomUUID } from 'node:crypto';
import type { EventStore } from '#event-store/port.js';
import { interleave, runLane, WARM_UPS, type Row } from '../measure.js';
import { repeat } from '../requests.js';
import { untilPositionVisible } from '../settle.js';
import { command, IN_FLIGHT, query, type System } from '../system.js';
import { makeOrder } from '../workload.js';

const ORDERS = 1_000;
const REQUESTS = 3_000;
/** A repeated command may take 1.3 times as long as a read of the order. */
const TARGET_RATIO = 1 / 1.3;

interface Done {
  readonly orderId: string;
  readonly placed: { readonly key: string; readonly body: string };
  readonly confirmed: { readonly key: string };
}

/** Sends commands again with their keys, against reads of the same orders from query-api. */
export async function retry(system: System, store: EventStore): Promise<readonly Row[]> {
  const done = new Array<Done>(ORDERS);
  await runLane(ORDERS, IN_FLIGHT, async (i) => {
    const placed = { key: randomUUID(), body: JSON.stringify(makeOrder(i)) };
    const confirmed = { key: randomUUID() };
    const { body } = await command(system, '/v1/orders', placed.key, placed.body);
    await command(system, confirmPath(body.orderId), confirmed.key, '{}');
    done[i] = { orderId: body.orderId, placed, confirmed };
  });
  await untilPositionVisible(system, store);
  const raw = () =>
    runLane(REQUESTS, IN_FLIGHT, (i) => query(system, `/v1/orders/${done[i % ORDERS]!.orderId}`));
  const against = (name: string, again: (order: Done) => Promise<void>) =>
    interleave(
      { name, target: TARGET_RATIO },
      { ours: () => runLane(REQUESTS, IN_FLIGHT, (i) => again(done[i % ORDERS]!)), raw },
      WARM_UPS,
    );
  return [
    await against('retry', ({ orderId, confirmed }) =>
      repeat(system, confirmPath(orderId), confirmed.key, '{}'),
    ),
    await against('retry / placing', ({ placed }) => repeat(system, '/v1/orders', placed.key, placed.body)),
  ];
}

const confirmPath = (orderId: string) => `/v1/orders/${orderId}/confirm`;
