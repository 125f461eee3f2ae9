import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { AppendOutcomeUnknown, WrongExpectedRevision } from '#event-store/errors.js';
import type { EncodedEvent, EventStore, ExpectedRevision } from '#event-store/port.js';
import { orderStream } from '#event-store/streams.js';
import { freePort } from '#platform/free-port.js';
import { OrderCommands } from '../../../apps/command-api/src/handling/order-commands.js';
import {
  startTestCommandApi,
  type Answer,
  type Sent,
  type TestCommandApi,
} from '../../support/command-api.js';
import { freshDatabase } from '../../support/database.js';
import { startEventStoreProcess, type EventStoreProcess } from '../../support/event-store-process.js';
import { mugOrder } from '../../support/orders.js';
import { addNote, placeOrder, request } from '../../support/requests.js';
import { isReplay } from '../../support/replays-of-commands.js';
import { collected } from '../../support/stored-events.js';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

jest.setTimeout(60_000);

/** Of an answer of the event store, before an append is sent again. */
const TIMEOUT_MS = 400;
/** The machine may be busy: a server that was killed must be back before the last of them. */
const RESEND_AFTER_MS = [20, 200, 1_000, 2_000, 4_000, 8_000];

interface Sending {
  readonly events: readonly EncodedEvent[];
  readonly expected: ExpectedRevision;
}

let database: Awaited<ReturnType<typeof freshDatabase>>;
let server: EventStoreProcess;
let proxy: TcpProxy;
/** Straight to the server, to see what is stored while no answer comes through. */
let beside: DbClientEventStore;
let api: TestCommandApi;
/** What the port was asked to append. */
let sendings: Sending[];
const cleanups: (() => Promise<void>)[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  server = await startEventStoreProcess(database.url, await freePort());
  beside = new DbClientEventStore({ connectionString: server.url });
}, 60_000);

beforeEach(async () => {
  proxy = await startTcpProxy(server.port);
  sendings = [];
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  await proxy.close();
}, 60_000);

afterAll(async () => {
  await beside.close();
  await server.stop();
  await database.drop();
}, 60_000);

/** command-api, which hears the event store through the proxy. */
async function start(options: { resendAfterMs?: readonly number[] } = {}): Promise<void> {
  api = await startTestCommandApi({
    eventStoreUrl: `esdb://127.0.0.1:${proxy.port}?tls=false`,
    timeoutMs: TIMEOUT_MS,
    handlingOf: (eventStore) => new OrderCommands(recorded(eventStore), options),
  });
  cleanups.push(() => api.close());
}

function recorded(eventStore: DbClientEventStore): EventStore {
  return {
    append: (stream, events, expected) => {
      sendings.push({ events, expected });
      return eventStore.append(stream, events, expected);
    },
    readStream: (...asked) => eventStore.readStream(...asked),
    subscribeToAll: (options) => eventStore.subscribeToAll(options),
    headPosition: () => eventStore.headPosition(),
    close: () => eventStore.close(),
  };
}

const storedOf = async (orderId: string) => collected(beside.readStream(orderStream('default', orderId)));

async function placed(): Promise<{ orderId: string; path: string }> {
  // On a busy machine the first answers of the event store may take longer than its limit here.
  const answer = await untilDone('/v1/orders', { body: mugOrder(), key: randomUUID() });
  expect(answer.status).toBe(201);
  sendings = [];
  const orderId = String(answer.body['orderId']);
  return { orderId, path: `/v1/orders/${orderId}/notes` };
}

/** Whatever was sent was the same, byte for byte, at the same revision. */
function expectTheSameSendings(): void {
  expect(sendings.length).toBeGreaterThan(1);
  expect(new Set(sendings.map((sending) => JSON.stringify(sending))).size).toBe(1);
}

/** The way of clients: the same again for as long as the answer is a 503. */
const untilDone = (path: string, sent: Sent) =>
  until(
    'an answer',
    async () => {
      const answer = await api.send(path, sent);
      return answer.status === 503 ? null : answer;
    },
    30_000,
  );

function expectUnknown({ status, headers, body }: Answer): void {
  expect({ status, body }).toMatchObject({
    status: 503,
    body: {
      type: 'urn:orderlog:problem:outcome_unknown',
      code: 'outcome_unknown',
      detail: expect.stringContaining('with the same Idempotency-Key'),
    },
  });
  expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(headers.get('retry-after')).toBe('1');
  expect(headers.get('etag')).toBeNull();
  expect(headers.get('idempotent-replayed')).toBeNull();
}

/** How an append comes to be without an answer, and what heals it. */
interface Trouble {
  readonly begin: () => Promise<void> | void;
  /** Once the append is under way. */
  readonly strike: (orderId: string) => Promise<void>;
}

const isStored = (orderId: string, count: number) =>
  until('it is stored', async () => (await storedOf(orderId)).length === count);

const sentAgain = () => until('it is sent again', () => sendings.length > 1);

const troubles: Readonly<Record<string, Trouble>> = {
  'the answer is late': {
    begin: () => proxy.holdAnswers(),
    strike: async () => {
      await sentAgain();
      proxy.passAnswers();
    },
  },
  'the connection is lost with the request': {
    begin: () => proxy.slow(200),
    strike: async () => {
      proxy.cut();
      proxy.slow(0);
    },
  },
  'the connection is lost with the answer': {
    begin: () => proxy.holdAnswers(),
    strike: async (orderId) => {
      await isStored(orderId, 2);
      proxy.cut();
      proxy.passAnswers();
    },
  },
  'the server is killed before it has answered': {
    begin: () => proxy.holdAnswers(),
    strike: async (orderId) => {
      await isStored(orderId, 2);
      await server.kill();
      proxy.cut();
      proxy.passAnswers();
      server = await startEventStoreProcess(database.url, server.port);
    },
  },
};

describe('a command whose append gets no answer', () => {
  it.each(Object.entries(troubles))(
    'is found out before the client hears anything: %s',
    async (_, trouble) => {
      await start({ resendAfterMs: RESEND_AFTER_MS });
      const { orderId, path } = await placed();
      await trouble.begin();
      const note = { body: { text: 'once' }, key: randomUUID() };
      const answering = api.send(path, note);
      await until('it is sent', () => sendings.length > 0);
      await trouble.strike(orderId);
      const answer = await answering;
      expect(answer).toMatchObject({ status: 200, body: { revision: 1, events: [{ type: 'NoteAdded' }] } });
      expect(isReplay(answer)).toBe(false);
      expectTheSameSendings();
      expect(await storedOf(orderId)).toHaveLength(2);
      expect(isReplay(await untilDone(path, note))).toBe(true);
    },
  );

  it('is overtaken by another meanwhile, and then decided anew', async () => {
    await start({ resendAfterMs: RESEND_AFTER_MS });
    const other = await startTestCommandApi({ eventStoreUrl: server.url, ownProcess: true });
    cleanups.push(() => other.close());
    const { orderId, path } = await placed();
    proxy.slow(300);
    const answering = api.send(path, { body: { text: 'once' } });
    await until('it is sent', () => sendings.length > 0);
    await proxy.away();
    proxy.slow(0);
    expect((await other.send(path, { body: { text: 'first' } })).status).toBe(200);
    await proxy.restore();
    expect(await answering).toMatchObject({ status: 200, body: { revision: 2 } });
    expect(await storedOf(orderId)).toHaveLength(3);
  });
});

describe('a command of which it cannot be found out', () => {
  it('is a 503 that says so; it was done, and sent again it is a replay', async () => {
    await start();
    const { orderId, path } = await placed();
    proxy.holdAnswers();
    const note = { body: { text: 'once' }, key: randomUUID() };
    const answering = api.send(path, note);
    await isStored(orderId, 2);
    await proxy.away();
    proxy.passAnswers();
    expectUnknown(await answering);
    expectTheSameSendings();
    await proxy.restore();
    const again = await untilDone(path, note);
    expect(again).toMatchObject({ status: 200, body: { revision: 1 } });
    expect(isReplay(again)).toBe(true);
    expect(await storedOf(orderId)).toHaveLength(2);
  });

  it('is a 503 that says so; it was not done, and sent again it is', async () => {
    await start();
    const { orderId, path } = await placed();
    proxy.slow(300);
    const note = { body: { text: 'once' }, key: randomUUID() };
    const answering = api.send(path, note);
    await until('it is sent', () => sendings.length > 0);
    await proxy.away();
    proxy.slow(0);
    expectUnknown(await answering);
    expect(await storedOf(orderId)).toHaveLength(1);
    await proxy.restore();
    const again = await untilDone(path, note);
    expect(again).toMatchObject({ status: 200, body: { revision: 1 } });
    expect(isReplay(again)).toBe(false);
    expect(await storedOf(orderId)).toHaveLength(2);
  });

  it('to place an order, makes that one order and no other', async () => {
    await start();
    await placed(); // A connection to append over, to be in trouble.
    proxy.holdAnswers();
    const placing = { body: mugOrder({ reference: 'once' }), key: randomUUID() };
    const answering = api.send('/v1/orders', placing);
    await until('it is sent', () => sendings.length > 0);
    const { orderId } = (sendings[0]!.events[0]!.data as { data: { orderId: string } }).data;
    await isStored(orderId, 1);
    await proxy.away();
    proxy.passAnswers();
    expectUnknown(await answering);
    await proxy.restore();
    const again = await untilDone('/v1/orders', placing);
    expect(again).toMatchObject({ status: 201, body: { orderId, revision: 0 } });
    expect(isReplay(again)).toBe(true);
    expect(await storedOf(orderId)).toHaveLength(1);
  });
});

describe('a sending that arrives when the client has long been told that nobody knows', () => {
  type Late = 'before the command is sent again' | 'while it is handled again' | 'after it was done again';
  const lates: readonly Late[] = [
    'before the command is sent again',
    'while it is handled again',
    'after it was done again',
  ];

  it.each(lates)('makes no second event: %s', async (late) => {
    const store = new DbClientEventStore({ connectionString: server.url });
    cleanups.push(() => store.close());
    const underWay: (() => Promise<unknown>)[] = [];
    let losing = false;
    let beforeNext: (() => Promise<unknown>) | null = null;
    const slowRoad: EventStore = {
      ...recorded(store),
      append: async (...sending) => {
        if (losing) {
          underWay.push(() => store.append(...sending));
          throw new AppendOutcomeUnknown('lost for now');
        }
        const arriving = beforeNext;
        beforeNext = null;
        await arriving?.();
        return store.append(...sending);
      },
    };
    const commands = new OrderCommands(slowRoad, { resendAfterMs: [1, 1] });
    const orderId = randomUUID();
    await commands.handle(request(orderId, placeOrder(orderId)));
    const noting = request(orderId, addNote('once'));
    losing = true;
    await expect(commands.handle(noting)).rejects.toBeInstanceOf(AppendOutcomeUnknown);
    losing = false;
    const arrive = () => Promise.allSettled(underWay.map((sending) => sending()));

    if (late === 'before the command is sent again') await arrive();
    if (late === 'while it is handled again') beforeNext = arrive;
    const done = await commands.handle(noting);
    expect(done).toMatchObject({ revision: 1, replayed: late !== 'after it was done again' });
    if (late === 'after it was done again') {
      const refused = { status: 'rejected', reason: expect.any(WrongExpectedRevision) };
      expect(await arrive()).toEqual(underWay.map(() => refused));
    }
    expect(await storedOf(orderId)).toHaveLength(2);
    await expect(commands.handle(noting)).resolves.toMatchObject({ revision: 1, replayed: true });
  });
});
