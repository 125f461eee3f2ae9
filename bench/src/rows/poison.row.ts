import type { ExactEventStore, SubscriptionOptions } from '#event-store/port.js';
import { createLogger } from '#platform/logging.js';
import { createPool } from '#platform/postgres.js';
import { OrdersFollower, type OrdersFollowerOptions } from '#projections/orders/orders-follower.js';
import { startEventLog, type LogOptions } from '../filled-log.js';
import { interleave, runWhole, type Row } from '../measure.js';
import { fillPoisoned, POISON_EVERY, type Poisoned } from '../poisoned-log.js';

const TARGET_RATIO = 0.9;
const EVENTS_EACH = 3;
const DEFAULT_ORDERS = 100_000;

/**
 * How fast the projector takes in the events of healthy orders while one order in a hundred is poisoned, against
 * the same log without the poison. Operations are events of healthy orders.
 */
export async function poison({ events }: LogOptions): Promise<readonly Row[]> {
  const orders = events === null ? DEFAULT_ORDERS : Math.ceil(events / EVENTS_EACH);
  const log = await startEventLog();
  try {
    const { poisoned, healthyEvents } = await fillPoisoned(log.store, orders);
    const head = (await log.store.headPosition())!;
    const pool = createPool(log.postgresUrl, { max: 1, applicationName: 'bench', statementTimeoutMs: 0 });
    let databases = 0;
    const project = async (store: OrdersFollowerOptions['eventStore']) => {
      const name = `read_${++databases}`;
      await pool.query(`CREATE DATABASE ${name}`);
      const url = new URL(log.postgresUrl);
      url.pathname = `/${name}`;
      const lane = await runWhole(healthyEvents, () => untilAt(head, store, url.href));
      await pool.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await pool.query('CHECKPOINT');
      return lane;
    };
    try {
      const row = await interleave(
        { name: `poison 1 in ${POISON_EVERY}`, target: TARGET_RATIO },
        { ours: () => project(log.store), raw: () => project(without(log.store, poisoned)) },
      );
      return [row];
    } finally {
      await pool.end();
    }
  } finally {
    await log.stop();
  }
}

/** The same log, as if the poison and the events behind it had never been appended. */
function without(store: ExactEventStore, poisoned: Poisoned): OrdersFollowerOptions['eventStore'] {
  return {
    headPosition: () => store.headPosition(),
    appendExact: store.appendExact.bind(store),
    readStream: store.readStream.bind(store),
    async *subscribeToAll(options: SubscriptionOptions) {
      for await (const message of store.subscribeToAll(options)) {
        const { event } = message.kind === 'event' ? message : { event: null };
        const isPoison = event !== null && event.revision >= (poisoned.get(event.stream) ?? Infinity);
        if (isPoison) yield { kind: 'checkpoint' as const, position: event.position };
        else yield message;
      }
    },
  };
}

/** Returns once a projector, started from the beginning, has taken in everything up to the head. */
async function untilAt(
  head: bigint,
  eventStore: OrdersFollowerOptions['eventStore'],
  postgresUrl: string,
): Promise<void> {
  const stop = new AbortController();
  const logger = createLogger('projector', 'silent');
  const projector = new OrdersFollower({
    ...{ eventStore, postgresUrl, logger },
    onCaughtUp: async (_generation, position) => {
      if (position >= head) stop.abort();
    },
  });
  await projector.run(stop.signal);
}
