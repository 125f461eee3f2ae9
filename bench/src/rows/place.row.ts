import { randomUUID } from 'node:crypto';
import type { EventStore } from '#event-store/port.js';
import { interleave, runLane, type Row } from '../measure.js';
import { RawOrder } from '../raw-orders.js';
import { untilPositionVisible } from '../settle.js';
import { command, IN_FLIGHT, type System } from '../system.js';
import { makeOrder } from '../workload.js';

const ORDERS = 1_500;
const TARGET_RATIO = 0.5;

/** Placing orders over HTTP against appending the same events to the same store through the same client. */
export async function place(system: System, store: EventStore): Promise<Row> {
  return interleave(
    { name: 'place', target: TARGET_RATIO },
    {
      ours: (repetition) => {
        const bodies = orders(repetition).map((order) => JSON.stringify(order));
        return runLane(ORDERS, IN_FLIGHT, (i) => command(system, '/v1/orders', randomUUID(), bodies[i]!));
      },
      raw: async (repetition) => {
        const appends = await Promise.all(orders(repetition).map((order) => new RawOrder().placed(order)));
        return runLane(ORDERS, IN_FLIGHT, (i) => {
          const { stream, events, expected } = appends[i]!;
          return store.append(stream, events, expected);
        });
      },
      settle: () => untilPositionVisible(system, store),
    },
  );
}

function orders(repetition: number) {
  return Array.from({ length: ORDERS }, (_, i) => makeOrder(repetition * ORDERS + i));
}
