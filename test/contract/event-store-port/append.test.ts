import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventStoreDBClient } from '@eventstore/db-client';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { AppendTooLarge, WrongExpectedRevision } from '#event-store/errors.js';
import type { StreamRange } from '#event-store/port.js';
import { APPEND_LIMIT_BYTES } from '#event-store/wire-event.js';
import { startTestEventStore } from '../../support/event-store.js';
import { collected, someEvent, someStream } from '../../support/stored-events.js';

let server: Awaited<ReturnType<typeof startTestEventStore>>;
let store: DbClientEventStore;

beforeAll(async () => {
  server = await startTestEventStore();
  store = new DbClientEventStore({ connectionString: server.url });
}, 60_000);

afterAll(async () => {
  await store.close();
  await server.close();
});

describe('append', () => {
  it('tells revision and position of the last event', async () => {
    const stream = someStream();
    const first = await store.append(stream, [someEvent(), someEvent()], 'no_stream');
    expect(first.revision).toBe(1);
    const second = await store.append(stream, [someEvent()], 1);
    expect(second.revision).toBe(2);
    expect(second.position).toBeGreaterThan(first.position);
    const events = await collected(store.readStream(stream));
    expect(events.map(({ position }) => position)).toEqual([
      expect.any(BigInt),
      first.position,
      second.position,
    ]);
  });

  it('stores data and metadata as they are, as JSON that other tools show', async () => {
    const stream = someStream();
    const event = someEvent({ name: 'Zażółć 🫖 "quoted"', empty: {}, list: [1, null, -2.5] });
    await store.append(stream, [event], 'no_stream');
    expect(await collected(store.readStream(stream))).toEqual([
      { ...event, stream, revision: 0, position: expect.any(BigInt), sizeBytes: expect.any(Number) },
    ]);

    const other = EventStoreDBClient.connectionString(server.url);
    for await (const { event: seen } of other.readStream(stream)) expect(seen?.isJson).toBe(true);
    await other.dispose();
  });

  it.each([
    ['no_stream', 0],
    [1, 0],
    [7, 0],
  ] as const)('refuses at %s when the stream is at %i', async (expected, actualRevision) => {
    const stream = someStream();
    await store.append(stream, [someEvent()], 'no_stream');
    const refused = store.append(stream, [someEvent()], expected);
    await expect(refused).rejects.toBeInstanceOf(WrongExpectedRevision);
    await expect(refused).rejects.toMatchObject({ stream, actualRevision });
    expect(await collected(store.readStream(stream))).toHaveLength(1);
  });

  it('refuses a revision of a stream that does not exist', async () => {
    const stream = someStream();
    await expect(store.append(stream, [someEvent()], 0)).rejects.toMatchObject({
      constructor: WrongExpectedRevision,
      actualRevision: null,
    });
  });

  it('takes the same events at the same revision again without storing them twice', async () => {
    const stream = someStream();
    await store.append(stream, [someEvent()], 'no_stream');
    const events = [someEvent(), someEvent()];
    const first = await store.append(stream, events, 0);
    await store.append(stream, [someEvent()], 2);
    expect(await store.append(stream, events, 0)).toEqual(first);
    expect(await collected(store.readStream(stream))).toHaveLength(4);
  });

  it('takes appends up to 1,000,000 bytes and sends none beyond', async () => {
    const overheadBytes =
      (await tooLarge([someEvent('x'.repeat(APPEND_LIMIT_BYTES))])).sizeBytes - APPEND_LIMIT_BYTES;
    const fits = someEvent('x'.repeat(APPEND_LIMIT_BYTES - overheadBytes));
    await expect(store.append(someStream(), [fits], 'no_stream')).resolves.toMatchObject({ revision: 0 });

    const over = someEvent('x'.repeat(APPEND_LIMIT_BYTES - overheadBytes + 1));
    expect(await tooLarge([over])).toMatchObject({ sizeBytes: 1_000_001, limitBytes: 1_000_000 });
    // What counts is bytes, and all events of the append together.
    expect(await tooLarge([someEvent('ż'.repeat(300_000)), someEvent('ż'.repeat(300_000))])).toBeDefined();
  });

  it('keeps every one of many at once, each in its own stream in order', async () => {
    const streams = Array.from({ length: 40 }, someStream);
    await Promise.all(
      streams.map(async (stream) => {
        for (let revision = -1; revision < 9; revision++) {
          const appended = await store.append(stream, [someEvent()], revision < 0 ? 'no_stream' : revision);
          expect(appended.revision).toBe(revision + 1);
        }
      }),
    );
    for (const stream of streams) expect(await collected(store.readStream(stream))).toHaveLength(10);
  });
});

describe.each(['readStream', 'readStreamExact'] as const)('%s', (method) => {
  const read = (stream: string, range?: StreamRange) =>
    collected<{ readonly revision: number }>(store[method](stream, range));

  it('gives nothing for a stream that does not exist', async () => {
    expect(await read(someStream())).toEqual([]);
  });

  it('starts and ends where asked, and stops when its reader does', async () => {
    const stream = someStream();
    await store.append(
      stream,
      Array.from({ length: 1_000 }, (_, n) => someEvent({ n })),
      'no_stream',
    );
    const some = await read(stream, { fromRevision: 10, maxCount: 3 });
    expect(some.map(({ revision }) => revision)).toEqual([10, 11, 12]);
    expect(await read(stream, { fromRevision: 1_000 })).toEqual([]);
    for await (const { revision } of store[method](stream)) if (revision === 5) break;
    expect(await read(stream)).toHaveLength(1_000);
  });
});

it('knows the last position of all', async () => {
  const { position } = await store.append(someStream(), [someEvent()], 'no_stream');
  expect(await store.headPosition()).toBe(position);
});

it('sends what is asked for at once in that order, from the first append of a connection on', async () => {
  const fresh = await startTestEventStore();
  await store.close();
  const client = new DbClientEventStore({ connectionString: fresh.url });
  try {
    for (let round = 0; round < 3; round++) {
      const all = Array.from({ length: 100 }, () => client.append(someStream(), [someEvent()], 'no_stream'));
      const positions = (await Promise.all(all)).map(({ position }) => position);
      expect(positions).toEqual([...positions].sort((a, b) => Number(a - b)));
    }
  } finally {
    await client.close();
    await fresh.close();
    store = new DbClientEventStore({ connectionString: server.url });
  }
});

it('lets one event store of a process append, and any number read', async () => {
  const stream = someStream();
  await store.append(stream, [someEvent()], 'no_stream');
  const second = new DbClientEventStore({ connectionString: server.url });
  expect(await collected(second.readStream(stream))).toHaveLength(1);
  await expect(second.append(stream, [someEvent()], 0)).rejects.toThrow('share that one');
  await second.close();
});

async function tooLarge(events: ReturnType<typeof someEvent>[]): Promise<AppendTooLarge> {
  const error: unknown = await store.append(someStream(), events, 'no_stream').catch((e: unknown) => e);
  if (!(error instanceof AppendTooLarge)) throw new Error(`taken, or refused otherwise: ${String(error)}`);
  return error;
}
