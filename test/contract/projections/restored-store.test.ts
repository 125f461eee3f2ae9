import { EventStoreDBClient } from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import type { ExactEventStore } from '#event-store/port.js';
import { createLogger } from '#platform/logging.js';
import { startEventStore } from '../../../apps/event-store/src/server.js';
import { freshDatabase } from '../../support/database.js';
import { place, tags, WrittenOrder } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { UNKNOWN_TYPE } from '../../support/quarantine.js';
import { fullFold } from '../../support/snapshots.js';
import { unreadableStreams } from '../../support/unreadable-streams.js';
import { until } from '../../support/until.js';

jest.setTimeout(2 * ENGINES_MS);

type Database = Awaited<ReturnType<typeof freshDatabase>>;

/** A standby that was promoted before it had the last commits goes on at once: nobody holds commands back. */
describe('read models of an event store that lost its last events and went on', () => {
  let bench: ProjectionBench;
  let store: Database;
  let standby: Database;
  let order: WrittenOrder;

  beforeEach(async () => {
    bench = await ProjectionBench.open();
    store = await freshDatabase();
    await withStore(store, async (eventStore) => {
      for (const tenant of ['aaa', 'zzz']) {
        const other = new WrittenOrder(eventStore, tenant);
        await other.does(place(other));
      }
      order = new WrittenOrder(eventStore);
      await order.does(place(order), tags('both have it'));
      await follow(eventStore, 'live');
    });
    standby = await freshDatabase(store);
  });
  afterEach(async () => {
    await bench.close();
    await Promise.all([store.drop(), standby.drop()]);
  });

  /** Follows the store until the projector is in that state. @returns its last error */
  async function follow(eventStore: ExactEventStore, state: 'live' | 'failing'): Promise<string | null> {
    const running = bench.start({ eventStore });
    const { projector } = running;
    await until(`it is ${state}`, () => projector.state === state);
    const { lastError } = projector;
    await running.stop();
    return lastError;
  }

  const history = () =>
    bench.rows(
      `SELECT revision, data FROM gen_1.order_history WHERE tenant_id = 'default' ORDER BY revision`,
    );
  const lost = (revision: number) =>
    `does not have it at revision ${revision} of ${order.stream}, as an older copy of it does not: give the projector`;

  it('are not gone on with, though it has as many events by then', async () => {
    await withStore(store, async (eventStore) => {
      await (await sameOrder(eventStore, order)).does(tags('lost'), tags('lost, too'));
      await follow(eventStore, 'live');
    });
    const before = await history();
    expect(before).toHaveLength(4);
    await withStore(standby, async (eventStore) => {
      await (await sameOrder(eventStore, order)).does(tags('another'), tags('others'), tags('more'));
      expect(await follow(eventStore, 'failing')).toContain(lost(3));
    });
    expect(await history()).toEqual(before);
  });

  it('are not gone on with where what it lost was parked', async () => {
    await withStore(store, async (eventStore) => {
      await (await sameOrder(eventStore, order)).receives({ type: UNKNOWN_TYPE });
      await follow(eventStore, 'live');
    });
    expect(await bench.rows('SELECT FROM orderlog.quarantine')).toHaveLength(1);
    await withStore(standby, async (eventStore) => {
      const other = new WrittenOrder(eventStore);
      await other.does(place(other), tags('at the place of the parked one'));
      expect(await follow(eventStore, 'failing')).toContain(lost(2));
    });
  });

  it('are gone on with where it lost nothing', async () => {
    await withStore(store, async (eventStore) => {
      await (await sameOrder(eventStore, order)).does(tags('later'));
      await follow(eventStore, 'live');
    });
    expect(await history()).toHaveLength(3);
  });

  it.each<[string, (client: EventStoreDBClient) => Promise<unknown>]>([
    ['was deleted', (client) => client.deleteStream(order.stream)],
    ['was deleted for good', (client) => client.tombstoneStream(order.stream)],
    ['was cut', (client) => client.setStreamMetadata(order.stream, { truncateBefore: 9 })],
  ])('are gone on with where the stream with the last event %s', async (_how, change) => {
    await withStore(store, async (eventStore, url) => {
      const client = EventStoreDBClient.connectionString(url);
      await change(client);
      await client.dispose();
      await follow(eventStore, 'live');
    });
  });

  it('are gone on with where the stream with the last event alone cannot be read', async () => {
    await withStore(store, async (eventStore) => {
      await follow(
        unreadableStreams(eventStore, (stream) => stream === order.stream),
        'live',
      );
    });
  });
});

async function withStore(
  database: Database,
  use: (eventStore: DbClientEventStore, url: string) => Promise<void>,
): Promise<void> {
  const logger = createLogger('event-store', 'silent');
  const server = await startEventStore({ postgresUrl: database.url, port: 0, logger });
  const url = `esdb://127.0.0.1:${server.port}?tls=false`;
  const eventStore = new DbClientEventStore({ connectionString: url });
  try {
    await use(eventStore, url);
  } finally {
    await eventStore.close();
    await server.close();
  }
}

/** The order as it is in this store, to be written on. */
async function sameOrder(eventStore: DbClientEventStore, order: WrittenOrder): Promise<WrittenOrder> {
  const same = new WrittenOrder(eventStore, order.tenantId, order.orderId);
  same.state = (await fullFold(eventStore, order.stream)).order;
  return same;
}
