import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { decode } from '#event-store/codec.js';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { orderStream } from '#event-store/streams.js';
import { startTestCommandApi, type TestCommandApi } from '../support/command-api.js';
import { ConcurrentCommands } from '../support/concurrent-commands.js';
import { startTestEventStore } from '../support/event-store.js';
import { contradictions } from '../support/serial-order.js';
import { collected } from '../support/stored-events.js';
import { until } from '../support/until.js';
import { Random } from './random.js';

jest.setTimeout(300_000);

const PROCESSES = 3;
const KILLS = 6;
const EXCHANGES_BETWEEN = 40;

let server: Awaited<ReturnType<typeof startTestEventStore>>;
let store: DbClientEventStore;
const apis: TestCommandApi[] = [];

const start = () => startTestCommandApi({ eventStoreUrl: server.url, ownProcess: true });

beforeAll(async () => {
  server = await startTestEventStore();
  store = new DbClientEventStore({ connectionString: server.url });
  apis.push(...(await Promise.all(Array.from({ length: PROCESSES }, start))));
});

afterAll(async () => {
  await Promise.all(apis.map((api) => api.close()));
  await store.close();
  await server.close();
});

const eventsOf = async (orderId: string) =>
  decode(await collected(store.readStream(orderStream('default', orderId))));

describe('command-api killed while commands share appends', () => {
  it('leaves each command whole or not at all, and a retry finds out which', async () => {
    const random = new Random(process.env['ORDERLOG_TEST_SEED'] ?? randomBytes(4).toString('hex'));
    let isOver = false;
    const options = { clients: 12, isEnough: () => isOver, random, eventsOf };
    const commands = new ConcurrentCommands(apis, options);
    const running = commands.run();
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const next = await start();
        const { length: before } = commands.exchanges;
        const isFurther = () => commands.exchanges.length > before + EXCHANGES_BETWEEN;
        await until('it is in the middle', isFurther, 60_000);
        // What it was sent is under way; nothing more is sent to it.
        const [killed] = apis.splice(random.below(PROCESSES), 1, next);
        await killed!.kill();
      }
    } finally {
      isOver = true;
      await running;
    }
    const seed = `ORDERLOG_TEST_SEED=${random.seed}`;
    const found = contradictions(commands.exchanges, await eventsOf(commands.orderId));
    expect({ seed, found: found.slice(0, 3) }).toEqual({ seed, found: [] });
    expect(commands.exchanges.filter(({ answer }) => answer === null).length).toBeGreaterThan(0);
  });
});
