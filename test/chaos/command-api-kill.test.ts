import { randomBytes } from 'node:crypto';
import { describe, expect, it, jest } from '@jest/globals';
import { startTestCommandApi } from '../support/command-api.js';
import { ConcurrentCommands } from '../support/concurrent-commands.js';
import { ownEventStore } from '../support/own-event-store.js';
import { contradictions } from '../support/serial-order.js';
import { orderEvents } from '../support/stored-events.js';
import { until } from '../support/until.js';
import { Random } from './random.js';

const LIMIT_MS = 300_000;
jest.setTimeout(LIMIT_MS);

const PROCESSES = 3;
const KILLS = 6;
const EXCHANGES_BETWEEN = 40;

const its = ownEventStore({ apis: Array.from({ length: PROCESSES }, () => ({})), limitMs: LIMIT_MS });
const { apis } = its;

const start = () => startTestCommandApi({ eventStoreUrl: its.url, ownProcess: true });

const eventsOf = async (orderId: string) => orderEvents(its.store, orderId);

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
        const index = random.below(PROCESSES);
        const isFurther = () => commands.exchanges.length > before + EXCHANGES_BETWEEN;
        await until('it is in the middle', () => isFurther() && commands.isAsking(apis[index]!), 60_000);
        // Commands sent to it are under way; no more are sent.
        const [killed] = apis.splice(index, 1, next);
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
