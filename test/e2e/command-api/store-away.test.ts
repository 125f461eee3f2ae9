import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { freePort } from '#platform/free-port.js';
import { createLogger } from '#platform/logging.js';
import { startEventStore } from '../../../apps/event-store/src/server.js';
import { startTestCommandApi, type Answer, type TestCommandApi } from '../../support/command-api.js';
import { freshDatabase } from '../../support/database.js';
import { mugOrder } from '../../support/orders.js';

jest.setTimeout(60_000);

let database: Awaited<ReturnType<typeof freshDatabase>>;
let port: number;
let api: TestCommandApi;
let store: Awaited<ReturnType<typeof startEventStore>> | null = null;

const startStore = async () => {
  const logger = createLogger('event-store', 'silent');
  store = await startEventStore({ postgresUrl: database.url, port, logger });
};
const stopStore = async () => {
  await store?.close();
  store = null;
};

beforeAll(async () => {
  [database, port] = await Promise.all([freshDatabase(), freePort()]);
  // The service starts before its store does.
  api = await startTestCommandApi({ eventStoreUrl: `esdb://127.0.0.1:${port}?tls=false` });
});
afterAll(async () => {
  await api.close();
  await stopStore();
  await database.drop();
});

const ready = async () => (await fetch(`${api.url}/health/ready`)).status;

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((again) => setTimeout(again, 50));
}

function expectUnavailable({ status, headers, body }: Answer): void {
  expect({ status, code: body['code'] }).toEqual({
    status: 503,
    code: expect.stringMatching(/^(event_store_unavailable|outcome_unknown)$/),
  });
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
}

describe('with the event store away', () => {
  it('the service answers 503, and works once the store is there', async () => {
    const placing = { body: mugOrder(), key: randomUUID() };
    expectUnavailable(await api.send('/v1/orders', placing));
    expect(await ready()).toBe(503);
    expect((await fetch(`${api.url}/health/live`)).status).toBe(200);
    // What is wrong with a request is said all the same.
    expect((await api.send('/v1/orders', { body: {} })).status).toBe(400);

    await startStore();
    await until(async () => (await ready()) === 200);
    await until(async () => (await api.send('/v1/orders', placing)).status === 201);
  });

  it('a command sent until it is answered is done once', async () => {
    const placed = await api.send('/v1/orders', { body: mugOrder() });
    const path = `/v1/orders/${String(placed.body['orderId'])}/notes`;
    const keys = Array.from({ length: 30 }, () => randomUUID());
    const untilDone = async (key: string) => {
      for (;;) {
        const answer = await api.send(path, { body: { text: key }, key });
        if (answer.status === 200) return answer.body['revision'];
        expectUnavailable(answer);
      }
    };
    const all = Promise.all(keys.map(untilDone));
    await stopStore();
    expectUnavailable(await api.send(path, { body: { text: 'x' } }));
    await startStore();
    const revisions = (await all) as number[];
    expect(revisions.sort((a, b) => a - b)).toEqual(keys.map((_, index) => index + 1));
  });
});
