import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { AppendConnection } from '#event-store/append-connection.js';
import { guardAppendStreams, isLateAnswer } from '#event-store/append-stream-guard.js';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { AppendOutcomeUnknown, StoreUnavailable } from '#event-store/errors.js';
import { startTestEventStore } from '../../support/event-store.js';
import { collected, someEvent, someStream } from '../../support/stored-events.js';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

jest.setTimeout(30_000);

/** In less a busy machine answers. */
const TIMEOUT_MS = 2_000;

let server: Awaited<ReturnType<typeof startTestEventStore>>;
let proxy: TcpProxy;
let store: DbClientEventStore;
let lost: number;

beforeEach(async () => {
  server = await startTestEventStore();
  proxy = await startTcpProxy(Number(new URL(server.url).port));
  lost = 0;
  const onLost = () => void (lost += 1);
  store = new DbClientEventStore({ connectionString: through(proxy), timeoutMs: TIMEOUT_MS, onLost });
}, 60_000);

afterEach(async () => {
  await store.close();
  await proxy.close();
  await server.close();
});

const through = ({ port }: TcpProxy) => `esdb://127.0.0.1:${port}?tls=false`;
const isUnknown = (error: unknown) => error instanceof AppendOutcomeUnknown;

describe('when answers do not come', () => {
  it('an append is of unknown outcome, and sending it again tells', async () => {
    const stream = someStream();
    await store.append(stream, [someEvent()], 'no_stream');
    const events = [someEvent()];
    proxy.holdAnswers();
    await expect(store.append(stream, events, 0)).rejects.toBeInstanceOf(AppendOutcomeUnknown);
    proxy.passAnswers();
    expect(await store.append(stream, events, 0)).toMatchObject({ revision: 1 });
    expect(await collected(store.readStream(stream))).toHaveLength(2);
  });

  it('a read is StoreUnavailable in time, and goes well once they come', async () => {
    const stream = someStream();
    await store.append(stream, [someEvent()], 'no_stream');
    expect(await collected(store.readStream(stream))).toHaveLength(1);
    proxy.holdAnswers();
    await expect(collected(store.readStream(stream))).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(store.headPosition()).rejects.toBeInstanceOf(StoreUnavailable);
    proxy.passAnswers();
    expect(await collected(store.readStream(stream))).toHaveLength(1);
  });
});

describe('when the server is away', () => {
  it('who appends is told that its connection was lost, once, also when nothing is under way', async () => {
    const stream = someStream();
    await store.append(stream, [someEvent()], 'no_stream');
    expect(lost).toBe(0);
    await proxy.away();
    await until('it is told', () => lost === 1);
    await proxy.restore();
    await until('it is back', () =>
      store.append(stream, [someEvent()], 0).then(
        () => true,
        () => false,
      ),
    );
    expect(lost).toBe(1);
  });

  it('everything is StoreUnavailable at once, and works again soon after it is back', async () => {
    const stream = someStream();
    await store.append(stream, [someEvent()], 'no_stream');
    await proxy.away();
    // What was connected may learn of it only by an append that gets no answer.
    await until('an append is refused', () =>
      store.append(stream, [someEvent()], 0).then(
        () => false,
        (error: unknown) => error instanceof StoreUnavailable,
      ),
    );
    await expect(collected(store.readStream(stream))).rejects.toBeInstanceOf(StoreUnavailable);
    await proxy.restore();
    const events = [someEvent()];
    const appended = await until('an append goes well', () =>
      store.append(stream, events, 0).catch((error: unknown) => {
        if (error instanceof StoreUnavailable || isUnknown(error)) return null;
        throw error;
      }),
    );
    expect(appended.revision).toBe(1);
    await until('a read goes well', () => collected(store.readStream(stream)).catch(() => null));
  });
});

describe('when connections break under load', () => {
  it('the process lives, what was acknowledged is there, and what was not can be sent again', async () => {
    const writers = Array.from({ length: 64 }, () => ({
      stream: someStream(),
      acknowledged: [] as string[],
    }));
    let unknown = 0;
    let running = true;

    const write = async ({ stream, acknowledged }: (typeof writers)[number]) => {
      while (running) {
        const event = someEvent('x'.repeat(500));
        const expected = acknowledged.length === 0 ? 'no_stream' : acknowledged.length - 1;
        await until(`an append to ${stream}`, () =>
          store.append(stream, [event], expected).catch((error: unknown) => {
            if (isUnknown(error)) unknown++;
            else if (!(error instanceof StoreUnavailable)) throw error;
            return null;
          }),
        );
        acknowledged.push(event.eventId);
      }
    };
    const written = Promise.all(writers.map(write));
    const total = () => writers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
    for (let cut = 0; cut < 8; cut++) {
      const before = total();
      await until('writers get on', () => total() > before + 100);
      proxy.cut();
    }
    running = false;
    await written;

    expect(unknown).toBeGreaterThan(0);
    for (const { stream, acknowledged } of writers) {
      const stored = await collected(store.readStream(stream));
      expect(stored.map(({ eventId }) => eventId)).toEqual(acknowledged);
    }
  }, 60_000);
});

describe('the fence around the client', () => {
  it('an answer that comes after another client emptied the list of the waiting is dropped', async () => {
    const otherProxy = await startTcpProxy(Number(new URL(server.url).port));
    const first = EventStoreDBClient.connectionString(through(proxy));
    const second = EventStoreDBClient.connectionString(through(otherProxy));
    const broken: Error[] = [];
    guardAppendStreams(first, () => undefined);
    guardAppendStreams(second, (cause) => broken.push(cause));
    const append = (client: EventStoreDBClient) =>
      client.appendToStream(someStream(), jsonEvent({ type: 'Any', data: {} }));
    await Promise.all([append(first), append(second)]);

    proxy.holdAnswers();
    otherProxy.holdAnswers();
    const waiting = Promise.allSettled([append(first), append(second)]);
    proxy.cut();
    expect((await waiting).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    otherProxy.passAnswers();
    const late = await until('the late answer is seen', () => broken[0]);
    expect(isLateAnswer(late)).toBe(true);

    await Promise.all([first.dispose(), second.dispose()]);
    await otherProxy.close();
  });

  it('appends that wait for room when the connection breaks reject where they were asked for, and nowhere else', async () => {
    await store.append(someStream(), [someEvent()], 'no_stream');
    proxy.holdAnswers();
    // Far more than a connection takes without an answer.
    const waiting = Array.from({ length: 100 }, () =>
      store.append(someStream(), [someEvent('x'.repeat(100_000))], 'no_stream'),
    );
    const settled = Promise.allSettled(waiting);
    await new Promise((resolve) => setImmediate(resolve));
    proxy.cut();
    for (const result of await settled) {
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(AppendOutcomeUnknown) });
    }
    proxy.passAnswers();
    await until('an append goes well', () =>
      store.append(someStream(), [someEvent()], 'no_stream').catch(() => null),
    );
  });

  it('a connection that broke sends nothing more, and says so at once', async () => {
    let broken = 0;
    const connection = await AppendConnection.open(through(proxy), TIMEOUT_MS, () => broken++);
    await connection.close();
    const stream = someStream();
    await expect(
      connection.append(stream, [jsonEvent({ type: 'Any', data: {} })], 'no_stream'),
    ).rejects.toBeInstanceOf(StoreUnavailable);
    expect(broken).toBe(1);
    expect(await collected(store.readStream(stream))).toEqual([]);
  });
});
