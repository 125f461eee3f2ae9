import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { StoreUnavailable } from '#event-store/errors.js';
import type { EventStore, StoredOrderEvent } from '#event-store/port.js';
import { freePort } from '#platform/free-port.js';
import { createLogger } from '#platform/logging.js';
import { OrderCommands } from '../../../apps/command-api/src/handling/order-commands.js';
import { startEventStore, type RunningEventStore } from '../../../apps/event-store/src/server.js';
import { freshDatabase } from '../../support/database.js';
import { addNote, persistently, placeOrder, request } from '../../support/requests.js';
import { orderEvents } from '../../support/stored-events.js';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

const TIMEOUT_MS = 500;
const logger = createLogger('event-store', 'silent');

let database: Awaited<ReturnType<typeof freshDatabase>>;
let server: RunningEventStore;
let proxy: TcpProxy;
let store: DbClientEventStore;

beforeEach(async () => {
  database = await freshDatabase();
  server = await startEventStore({ postgresUrl: database.url, port: await freePort(), logger });
  proxy = await startTcpProxy(server.port);
  store = new DbClientEventStore({
    connectionString: `esdb://127.0.0.1:${proxy.port}?tls=false`,
    timeoutMs: TIMEOUT_MS,
  });
}, 60_000);

afterEach(async () => {
  await store.close();
  await proxy.close();
  await server.close();
  await database.drop();
});

/** Straight from the server, and as patiently as ever. */
async function stored(orderId: string): Promise<readonly StoredOrderEvent[]> {
  const beside = new DbClientEventStore({ connectionString: `esdb://127.0.0.1:${server.port}?tls=false` });
  try {
    return await orderEvents(beside, orderId);
  } finally {
    await beside.close();
  }
}

describe('a lost answer', () => {
  it('is found out before the client is told anything', async () => {
    let sendings = 0;
    const counting: EventStore = {
      append: (...sent) => {
        sendings++;
        return store.append(...sent);
      },
      readStream: (...asked) => store.readStream(...asked),
      subscribeToAll: (options) => store.subscribeToAll(options),
      headPosition: () => store.headPosition(),
      close: () => store.close(),
    };
    const commands = new OrderCommands(counting);
    const orderId = randomUUID();
    await persistently(commands, request(orderId, placeOrder(orderId)));
    sendings = 0;
    proxy.holdAnswers();
    const answer = commands.handle(request(orderId, addNote('a note')));
    await until('it is sent again', () => sendings > 1);
    proxy.passAnswers();
    await expect(answer).resolves.toMatchObject({ revision: 1, replayed: false });
    expect(await stored(orderId)).toHaveLength(2);
  }, 20_000);
});

describe('a store that is away', () => {
  it('is StoreUnavailable for every command until it is back, and then all is well again', async () => {
    const commands = new OrderCommands(store);
    const orderId = randomUUID();
    const placing = request(orderId, placeOrder(orderId));
    await proxy.away();
    await expect(commands.handle(placing)).rejects.toBeInstanceOf(StoreUnavailable);
    await proxy.restore();
    await expect(persistently(commands, placing)).resolves.toMatchObject({ revision: 0 });
    expect(await stored(orderId)).toHaveLength(1);
  }, 20_000);
});

describe('connections that break, and a server that restarts, under load', () => {
  it('lose no acknowledged command and repeat none', async () => {
    const commands = new OrderCommands(store);
    const orderIds = Array.from({ length: 16 }, () => randomUUID());
    const answered = new Map<string, string[]>(orderIds.map((orderId) => [orderId, []]));
    let running = true;
    const total = () => [...answered.values()].reduce((sum, ids) => sum + ids.length, 0);

    const write = async (orderId: string) => {
      for (let n = 0; running || n === 0; n++) {
        const asked = request(orderId, n === 0 ? placeOrder(orderId) : addNote(`note ${n}`));
        const result = await persistently(commands, asked);
        expect(result.events).toHaveLength(1);
        expect(result.revision).toBe(n);
        answered.get(orderId)!.push(asked.commandId);
      }
    };
    const written = Promise.all(orderIds.map(write));
    const getOn = async () => {
      const before = total();
      await until('writers get on', () => total() > before + 50, 30_000);
    };

    for (let round = 0; round < 3; round++) {
      await getOn();
      proxy.cut();
    }
    await getOn();
    const { port } = server;
    await server.close();
    server = await startEventStore({ postgresUrl: database.url, port, logger });
    await getOn();
    running = false;
    await written;

    for (const orderId of orderIds) {
      const events = await stored(orderId);
      expect(events.map(({ metadata }) => metadata.commandId)).toEqual(answered.get(orderId));
    }
  }, 90_000);
});
