import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import type { EncodedEvent, EventStore } from '#event-store/port.js';
import { OrderCommands } from '../../../apps/command-api/src/handling/order-commands.js';
import { startTestEventStore } from '../../support/event-store.js';
import { addNote, persistently, placeOrder, request } from '../../support/requests.js';
import { orderEvents } from '../../support/stored-events.js';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

jest.setTimeout(60_000);

let server: Awaited<ReturnType<typeof startTestEventStore>>;
let proxy: TcpProxy;
let store: DbClientEventStore;
/** Straight to the server, and as patient as ever. */
let beside: DbClientEventStore;
/** What was sent to be appended, each time. */
let sent: (readonly EncodedEvent[])[];

beforeEach(async () => {
  server = await startTestEventStore();
  proxy = await startTcpProxy(Number(new URL(server.url).port));
  beside = new DbClientEventStore({ connectionString: server.url });
  sent = [];
});

function connect(timeoutMs?: number): void {
  const connectionString = `esdb://127.0.0.1:${proxy.port}?tls=false`;
  store = new DbClientEventStore({ connectionString, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
}

afterEach(async () => {
  await store.close();
  await beside.close();
  await proxy.close();
  await server.close();
});

const telling = (): EventStore => ({
  append: (stream, events, expected) => {
    sent.push(events);
    return store.append(stream, events, expected);
  },
  readStream: (...asked) => store.readStream(...asked),
  subscribeToAll: (options) => store.subscribeToAll(options),
  headPosition: () => store.headPosition(),
  close: () => store.close(),
});

const stored = async (orderId: string) => orderEvents(beside, orderId);

async function placed(commands: OrderCommands): Promise<string> {
  const orderId = randomUUID();
  await persistently(commands, request(orderId, placeOrder(orderId)));
  return orderId;
}

describe('a shared append', () => {
  it('whose answer is lost is found out for all that share it, before any of them hears', async () => {
    connect(500); // soon taken for lost
    const commands = new OrderCommands(telling());
    const orderId = await placed(commands);
    const asked = Array.from({ length: 20 }, (_, n) => request(orderId, addNote(`note ${n}`)));
    sent.length = 0;
    let answered = 0;
    proxy.holdAnswers();
    const answers = asked.map((each) => commands.handle(each).finally(() => answered++));
    await until('they are sent again', () => sent.length > 1);
    expect(answered).toBe(0);
    proxy.passAnswers();
    const results = await Promise.all(answers);
    expect(results.map(({ revision }) => revision)).toEqual(results.map((_, n) => n + 1));
    expect(results.filter(({ replayed }) => replayed)).toEqual([]);
    // The same events: those of a new decision would have other ids.
    const ids = sent.map((events) => events.map(({ eventId }) => eventId).join());
    expect(new Set(ids).size).toBe(1);
    const commandIds = (await stored(orderId)).slice(1).map(({ metadata }) => metadata.commandId);
    expect(commandIds).toEqual(asked.map(({ commandId }) => commandId));
  });

  it('holds no more than the store takes, however much is asked for at once', async () => {
    connect();
    const commands = new OrderCommands(telling());
    const orderId = await placed(commands);
    sent.length = 0;
    // 24 kB each, as JSON: of the 64 that might share an append, some 40 can.
    const asked = Array.from({ length: 90 }, () => request(orderId, addNote('\u0001'.repeat(4_000))));
    const results = await Promise.all(asked.map((each) => commands.handle(each)));
    expect(results.map(({ revision }) => revision)).toEqual(asked.map((_, n) => n + 1));
    expect(sent.map(({ length }) => length)).toEqual([64, 32, 58, 29, 29]);
    expect(await stored(orderId)).toHaveLength(91);
  });
});
