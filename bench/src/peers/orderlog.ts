import { randomUUID } from 'node:crypto';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { steps } from '../lifecycle-steps.js';
import { untilPositionVisible } from '../settle.js';
import { command, query, startSystem } from '../system.js';
import { totalMinorOf } from '../workload.js';
import type { Contestant } from './contestant.js';

const AFTER_PLACING = ['confirm', 'captured', 'shipments'];

/**
 * The whole of orderlog as `orderctl up` starts it. Its events and read models are in a database at `postgresUrl`.
 */
export async function startOrderlog(postgresUrl: string): Promise<Contestant> {
  const system = await startSystem(['--postgres', postgresUrl]);
  const store = new DbClientEventStore({ connectionString: system.eventStoreUrl });
  const taken = steps.filter(({ path }) => AFTER_PLACING.some((end) => path('x', '').endsWith(`/${end}`)));
  return {
    name: 'orderlog',
    place: async (order) => (await command(system, '/v1/orders', randomUUID(), order)).body.orderId,
    proceed: taken.map(({ path, body }) => async (orderId, order) => {
      await command(system, path(orderId, ''), randomUUID(), body(totalMinorOf(order)));
    }),
    read: async (orderId) => {
      const { text } = await query(system, `/v1/orders/${orderId}`);
      JSON.parse(text);
    },
    settle: () => untilPositionVisible(system, store),
    stop: async () => {
      await store.close();
      await system.stop();
    },
  };
}
