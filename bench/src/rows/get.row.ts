import { randomUUID } from 'node:crypto';
import { Pool } from 'undici';
import type { EventStore } from '#event-store/port.js';
import { Child } from '../child.js';
import { interleave, runLane, WARM_UPS, type Row } from '../measure.js';
import { TENANT } from '../raw-orders.js';
import { untilPositionVisible } from '../settle.js';
import { command, IN_FLIGHT, query, type System } from '../system.js';
import { makeOrder } from '../workload.js';

const ORDERS = 1_000;
const READS = 4_000;
const TARGET_RATIO = 0.7;

/** Reads one order by its id, against a bare Fastify that reads the same row through `pg`. */
export async function get(system: System, store: EventStore): Promise<Row> {
  const ids: string[] = [];
  await runLane(ORDERS, IN_FLIGHT, async (i) => {
    const { body } = await command(system, '/v1/orders', randomUUID(), makeOrder(i));
    ids.push(body.orderId);
  });
  await untilPositionVisible(system, store);
  const raw = new Child('./raw-get-server.js', { args: [system.postgresUrl, TENANT] });
  const port = await raw.told<number>();
  const rawPool = new Pool(`http://127.0.0.1:${port}`, { connections: IN_FLIGHT });
  const read = (pool: Pool) => () =>
    runLane(READS, IN_FLIGHT, (i) =>
      query({ queries: pool, token: system.token }, `/v1/orders/${ids[i % ORDERS]!}`),
    );
  try {
    return await interleave(
      { name: 'get', target: TARGET_RATIO },
      { ours: read(system.queries), raw: read(rawPool) },
      WARM_UPS,
    );
  } finally {
    await rawPool.close();
    await raw.stop();
  }
}
