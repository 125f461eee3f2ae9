import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import type { ExactEvent, ExactEventStore, StoredExactEvent } from '#event-store/port.js';
import { storeIdentity } from '#event-store/store-identity.js';
import { orderStream, snapshotStream } from '#event-store/streams.js';
import { lineOf } from '../../../apps/orderctl/src/events/event-line.js';
import { withFile } from '../../../apps/orderctl/src/events/events-file.reader.js';
import { EventsFileWriter } from '../../../apps/orderctl/src/events/events-file.writer.js';
import { exportEvents, type ExportResult } from '../../../apps/orderctl/src/events/export-events.js';
import { MEMBER_HEADER_BYTES, memberSizeBytes } from '../../../apps/orderctl/src/events/gzip-member.js';
import { importEvents, type ImportResult } from '../../../apps/orderctl/src/events/import-events.js';
import { takeLock } from '../../../apps/orderctl/src/support/process-lock.js';
import { startTestEventStore } from '../../support/event-store.js';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';

jest.setTimeout(180_000);

type Server = Awaited<ReturnType<typeof startTestEventStore>>;

let source: Server;
let target: Server;
let folder: string;

beforeAll(async () => {
  [source, target] = await Promise.all([startTestEventStore(), startTestEventStore()]);
  folder = await mkdtemp(join(tmpdir(), 'orderlog-moving-'));
});

afterAll(async () => {
  await Promise.all([source.close(), target.close(), rm(folder, { recursive: true, force: true })]);
});

/** One client after the other: only one of a process may append. */
async function using<T>(server: Server, work: (store: DbClientEventStore) => Promise<T>): Promise<T> {
  const store = new DbClientEventStore({ connectionString: server.url });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

const newPath = () => join(folder, `${randomUUID()}.gz`);
const quiet = { tell: () => undefined, onLooked: () => undefined, onProgress: () => undefined };

function exported(store: ExactEventStore, path: string, stopAfter = Infinity): Promise<ExportResult> {
  let events = 0;
  const onProgress = () => (events += 1);
  return exportEvents({ ...quiet, store, path, onProgress, stopAsked: () => events >= stopAfter });
}

function imported(
  store: ExactEventStore,
  path: string,
  { stopAfter = Infinity, atOnce = 16, told = [] as string[] } = {},
): Promise<ImportResult> {
  let events = 0;
  const onProgress = () => (events += 1);
  return importEvents({
    ...quiet,
    store,
    path,
    atOnce,
    onStart: () => undefined,
    onProgress,
    tell: (line) => void told.push(line),
    stopAsked: () => events >= stopAfter,
  });
}

/** Every order's events in the order of the store, without their positions. */
async function ordersIn(server: Server): Promise<object[]> {
  return using(server, async (store) => {
    const events: object[] = [];
    const { signal } = new AbortController();
    for await (const message of store.subscribeToAllExact({ after: null, streamPrefix: 'order-', signal })) {
      if (message.kind === 'caught_up') break;
      if (message.kind === 'event') events.push(comparable(message.event));
    }
    return events;
  });
}

function comparable({ position: _, data, metadata, ...event }: StoredExactEvent): object {
  return {
    ...event,
    data: Buffer.from(data).toString('hex'),
    metadata: Buffer.from(metadata).toString('hex'),
  };
}

/** Appends each event to the stream it names, one after the other or with its like. */
async function write(
  store: ExactEventStore,
  events: readonly (ExactEvent & { stream: string })[],
): Promise<void> {
  const revisions = new Map<string, number>();
  for (const { stream, ...event } of events) {
    const { revision } = await store.appendExact(stream, [event], revisions.get(stream) ?? 'no_stream');
    revisions.set(stream, revision);
  }
}

const aStream = () => orderStream('default', randomUUID());
const someEventOf = (stream: string, content: string): ExactEvent & { stream: string } => ({
  stream,
  eventId: randomUUID(),
  type: 'TagsChanged',
  contentType: 'application/json',
  data: Buffer.from(content),
  metadata: Buffer.from('{"m":1}'),
});

const content = fc.oneof(
  fc.json().map((text) => Buffer.from(text)),
  fc.string({ unit: 'binary', maxLength: 60 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 200 }),
  fc.integer({ min: 1, max: 90_000 }).map((length) => Buffer.alloc(length, 'ż')),
);
const eventsOfStreams = fc.array(
  fc.record({
    stream: fc.integer({ min: 0, max: 4 }),
    type: fc.string({ minLength: 1, maxLength: 30 }).filter((type) => !/^\$|\0/.test(type)),
    contentType: fc.constantFrom('application/json', 'application/octet-stream'),
    data: content,
    metadata: content,
  }),
  { minLength: 1, maxLength: 40 },
);

describe('streams, exported and imported', () => {
  it('are the same: ids, revisions, bytes, content types, and their order among each other', async () => {
    await fc.assert(
      fc.asyncProperty(eventsOfStreams, fc.integer({ min: 1, max: 40 }), async (drawn, atOnce) => {
        const streams = Array.from({ length: 5 }, aStream);
        const events = drawn.map((event) => ({
          ...event,
          eventId: randomUUID(),
          stream: streams[event.stream]!,
        }));
        const path = newPath();
        const out = await using(source, async (store) => {
          await write(store, events);
          return exported(store, path);
        });
        expect((await stat(path)).mode & 0o777).toBe(0o600);
        const [into, back] = await using(target, async (store) => [
          await imported(store, path, { atOnce }),
          await exported(store, newPath()),
        ]);
        expect(into).toMatchObject({ appended: events.length, events: out.events, source: out.store });
        expect(back).toMatchObject({ events: out.events, orders: out.orders, sha256: out.sha256 });
        expect(back.store).not.toBe(out.store);
      }),
      { numRuns: 12, endOnFailure: true },
    );
    // The hash says so; the stores themselves are asked once.
    expect(await ordersIn(target)).toEqual(await ordersIn(source));
  });
});

/** That place, or the first one after the size of a member: one that says it is longer is as one that was cut off. */
function besideSizes(bytes: Buffer, place: number): number {
  let begin = 0;
  const end = () => begin + memberSizeBytes(bytes.subarray(begin))!;
  while (end() <= place) begin = end();
  const size = { begin: begin + MEMBER_HEADER_BYTES - 4, end: begin + MEMBER_HEADER_BYTES };
  return place >= size.begin && place < size.end ? size.end : place;
}

describe('an interruption', () => {
  const streams = Array.from({ length: 30 }, aStream);
  const events = Array.from({ length: 600 }, (_, index) =>
    someEventOf(streams[(index * index) % 30]!, JSON.stringify({ index, filler: 'x'.repeat(9_000) })),
  );
  let from: Server;
  let whole: ExportResult;
  let wholePath: string;

  beforeAll(async () => {
    from = await startTestEventStore();
    wholePath = newPath();
    whole = await using(from, async (store) => {
      await write(store, events);
      return exported(store, wholePath);
    });
  });
  afterAll(() => from.close());

  it('of an export is gone on from, to the same content', async () => {
    const path = newPath();
    await using(from, async (store) => {
      await expect(exported(store, path, 250)).rejects.toThrow('stopped after 250 events');
      await expect(imported(store, path)).rejects.toThrow(
        'is incomplete: it ends after 250 events. Run the export again',
      );
      const { size } = { size: (await readFile(path)).length };
      await truncate(path, size - 5);
      const rest = await exported(store, path);
      expect(rest).toMatchObject({ sha256: whole.sha256, events: 600, orders: whole.orders });
      expect(rest.alreadyThere).toBeGreaterThan(0);
      expect(rest.alreadyThere).toBeLessThan(250);
    });
    expect(eventLines(await readFile(path))).toEqual(eventLines(await readFile(wholePath)));
  });

  it('of an import is gone on from, also when it was done once more than needed', async () => {
    const fresh = await startTestEventStore();
    try {
      await using(fresh, async (store) => {
        await expect(imported(store, wholePath, { stopAfter: 123 })).rejects.toThrow(
          'stopped after 123 of 600 events',
        );
        expect(await imported(store, wholePath)).toMatchObject({
          ...{ alreadyThere: 123, appended: 477, inOrder: true },
        });
        expect(await imported(store, wholePath)).toMatchObject({ alreadyThere: 600, appended: 0 });
        expect(await exported(store, newPath())).toMatchObject({ sha256: whole.sha256 });
      });
    } finally {
      await fresh.close();
    }
  });

  it('before anything was appended ends an import at once, and leaves everything as it was', async () => {
    const fresh = await startTestEventStore();
    try {
      await using(fresh, async (store) => {
        const looks: string[] = [];
        const onLooked = (what: string) => void looks.push(what.replace(wholePath, 'FILE'));
        const into = { ...quiet, store, path: wholePath, atOnce: 16, onLooked, onStart: () => undefined };
        await expect(importEvents({ ...into, stopAsked: () => true })).rejects.toThrow(
          'stopped before anything was appended',
        );
        expect(await ordersIn(fresh)).toEqual([]);
        const own = [someEventOf(aStream(), '{}'), someEventOf(aStream(), '{}')];
        await write(store, own);
        for (const [stopAt, seen] of [
          [1, ['comparing with the event store']],
          [3, [...own.map(() => 'comparing with the event store'), 'checking FILE']],
        ] as const) {
          looks.length = 0;
          const stopAsked = () => looks.length >= stopAt;
          await expect(importEvents({ ...into, stopAsked })).rejects.toThrow('before anything was appended');
          expect(looks).toEqual(seen);
        }
        expect(await ordersIn(fresh)).toHaveLength(own.length);
      });
      await using(from, async (store) => {
        const path = newPath();
        await expect(exported(store, path, 250)).rejects.toThrow('stopped after 250 events');
        const before = await readFile(path);
        await expect(exported(store, path, 0)).rejects.toThrow('stopped before anything was written');
        expect((await readFile(path)).equals(before)).toBe(true);
      });
    } finally {
      await fresh.close();
    }
  });

  it('of the network is waited out by both, and the order is kept', async () => {
    const fresh = await startTestEventStore();
    const [near, far] = [await startTcpProxy(portOf(from)), await startTcpProxy(portOf(fresh))];
    let done = 0;
    const badDays = (proxy: TcpProxy) => () => {
      done += 1;
      if (done % 150 === 0) proxy.cut();
      // Back when it was missed.
      if (done === 400) missed = proxy.away();
    };
    let missed: Promise<void> | null = null;
    const restored = (proxy: TcpProxy) => () => {
      const gone = missed;
      missed = null;
      void gone?.then(() => proxy.restore());
    };
    try {
      const path = newPath();
      const common = { path, onLooked: quiet.onLooked, stopAsked: () => false };
      const out = await using({ ...from, url: urlAt(near) }, (store) =>
        exportEvents({ ...common, store, tell: restored(near), onProgress: badDays(near) }),
      );
      expect(out.sha256).toBe(whole.sha256);
      done = 0;
      const into = await using({ ...fresh, url: urlAt(far) }, (store) =>
        importEvents({
          ...{ ...common, store, atOnce: 20, tell: restored(far), onStart: () => undefined },
          onProgress: badDays(far),
        }),
      );
      expect(into).toMatchObject({ appended: 600, alreadyThere: 0 });
      expect(await ordersIn(fresh)).toEqual(await ordersIn(from));
    } finally {
      await Promise.all([near.close(), far.close()]);
      await fresh.close();
    }
  });

  it.each([1, 17, 19, 300, 0.3, 0.6, 0.95])('at byte %d of the file is seen, whatever it cut', async (at) => {
    const bytes = await readFile(wholePath);
    const size = Math.floor(at < 1 ? bytes.length * at : at);
    const path = newPath();
    await writeFile(path, bytes.subarray(0, size));
    await using(from, async (store) => {
      await expect(imported(store, path)).rejects.toThrow(/is incomplete: it ends after \d+ events/);
      const again = await exported(store, path);
      expect(again).toMatchObject({ sha256: whole.sha256, events: 600 });
    });
  });

  it('that lost only the end is finished without the store being read', async () => {
    const bytes = await readFile(wholePath);
    const path = newPath();
    await writeFile(path, bytes.subarray(0, bytes.length - 3));
    await using(from, async (store) => {
      expect(await exported(store, path)).toMatchObject({ sha256: whole.sha256, alreadyThere: 600 });
    });
    expect((await readFile(path)).equals(bytes)).toBe(true);
  });

  it('is told from a damaged byte, wherever that is', async () => {
    const bytes = await readFile(wholePath);
    const places = [0, 9, 12, 15, 40, 400, 0.2, 0.5, 0.8].map((at) =>
      Math.floor(at > 0 && at < 1 ? bytes.length * at : at),
    );
    places.push(bytes.length - 4, bytes.length - 30);
    const fresh = await startTestEventStore();
    try {
      await using(fresh, async (store) => {
        for (const place of places) {
          const damaged = Buffer.from(bytes);
          damaged[besideSizes(bytes, place)]! ^= 0x10;
          const path = newPath();
          await writeFile(path, damaged);
          await expect(imported(store, path)).rejects.toThrow(
            /^\S+( is|: \w+( \d+)? is|: it is not) (damaged|a file)[^\n]*$/,
          );
        }
      });
      expect(await ordersIn(fresh)).toEqual([]);
    } finally {
      await fresh.close();
    }
  });
});

describe('a file and a store', () => {
  it('that have other orders besides are no trouble to each other', async () => {
    const path = newPath();
    const own = someEventOf(aStream(), '{}');
    await using(source, (store) => exported(store, path));
    const fresh = await startTestEventStore();
    try {
      await using(fresh, async (store) => {
        await write(store, [own]);
        expect(await imported(store, path)).toMatchObject({ alreadyThere: 0 });
      });
      expect(await ordersIn(fresh)).toHaveLength((await ordersIn(source)).length + 1);
    } finally {
      await fresh.close();
    }
  });

  it.each([[[1]], [[0, 2, 1]], [[0, 1, 3]]])(
    'that have events in another order: the import completes the streams, and says each time that the order is another (%j)',
    async (there) => {
      const [from, fresh] = [await startTestEventStore(), await startTestEventStore()];
      const path = newPath();
      const told: string[] = [];
      const events = Array.from({ length: 4 }, () => someEventOf(aStream(), '{}'));
      try {
        await using(from, (store) => write(store, events));
        await using(from, (store) => exported(store, path));
        await using(fresh, async (store) => {
          await write(
            store,
            there.map((index) => events[index]!),
          );
          for (let time = 0; time < 2; time++) {
            told.length = 0;
            expect(await imported(store, path, { told })).toMatchObject({ events: 4, inOrder: false });
            expect(told).toEqual([
              expect.stringMatching(/^the log is not in the order of the file, .* event 0 of order-/),
            ]);
          }
        });
        expect(await ordersIn(fresh)).toHaveLength(events.length);
      } finally {
        await Promise.all([from.close(), fresh.close()]);
      }
    },
  );

  it('that differ in an event are refused by stream and revision, and nothing is written', async () => {
    const [stream, other] = [aStream(), aStream()];
    const first = someEventOf(stream, '{"n":1}');
    const path = newPath();
    await using(source, async (store) => {
      await write(store, [first, someEventOf(other, '{}'), someEventOf(stream, '{"n":2}')]);
      await exported(store, path);
    });
    const fresh = await startTestEventStore();
    try {
      await using(fresh, async (store) => {
        await write(store, [first, someEventOf(stream, '{"n":3}')]);
        await expect(imported(store, path)).rejects.toThrow(
          `${stream} differs at revision 1: the event store has another event there, which stays as it is`,
        );
      });
      expect(await ordersIn(fresh)).toHaveLength(2);
    } finally {
      await fresh.close();
    }
  });

  it('that have the same ids but not the same content differ', async () => {
    const stream = aStream();
    const first = someEventOf(stream, '{"n":1}');
    const path = newPath();
    await using(source, async (store) => {
      await write(store, [first]);
      await exported(store, path);
    });
    const fresh = await startTestEventStore();
    try {
      await using(fresh, async (store) => {
        await write(store, [{ ...first, data: Buffer.from('{"n":2}') }]);
        await expect(imported(store, path)).rejects.toThrow(`${stream} differs at revision 0`);
      });
    } finally {
      await fresh.close();
    }
  });

  it('belong together: an export goes on only with the store that it began with, and not once it is complete', async () => {
    const path = newPath();
    const { store: sourceId } = await using(source, (store) => exported(store, path));
    await using(source, (store) => expect(exported(store, path)).rejects.toThrow('is complete already'));
    await using(target, (store) =>
      expect(exported(store, path)).rejects.toThrow(`is an export of event store ${sourceId}, but this is `),
    );
  });

  it('are of one export at a time: a second one into the same file is refused, and writes nothing', async () => {
    const path = newPath();
    await using(source, async (store) => {
      const both = await Promise.allSettled([exported(store, path), exported(store, path)]);
      const refused = both.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []));
      expect(refused.map(({ message }) => message)).toEqual([
        // The first may have ended before the second looked.
        expect.stringMatching(/ another export is writing it \(process \d+\): wait | is complete already/),
      ]);

      const held = newPath();
      await writeFile(held, '');
      const lock = await takeLock(`${held}.lock`, () => 'held');
      await expect(exported(store, held)).rejects.toThrow(
        `${held}: another export is writing it (process ${process.pid}): wait until it has ended, or name another file`,
      );
      expect(await readFile(held, 'utf8')).toBe('');
      await lock.release();
      await exported(store, held);
    });
    await using(target, (store) => imported(store, path));
    expect((await readdir(folder)).filter((name) => name.includes('.lock'))).toEqual([]);
  });

  it('are not kept apart by the lock of an export that was killed', async () => {
    const path = newPath();
    await writeFile(`${path}.lock`, JSON.stringify({ pid: process.pid, start: 'that of another process' }));
    await using(source, (store) => exported(store, path));
    expect((await readdir(folder)).filter((name) => name.includes('.lock'))).toEqual([]);
  });

  it('are left as they are where the file is no export', async () => {
    for (const text of ['x', 'something that somebody needs, and long enough for a header']) {
      const path = newPath();
      await writeFile(path, text);
      await using(source, async (store) => {
        await expect(exported(store, path)).rejects.toThrow(
          'it is not a file that `orderctl events export` wrote',
        );
        await expect(imported(store, path)).rejects.toThrow(
          'it is not a file that `orderctl events export` wrote',
        );
        await expect(imported(store, join(folder, 'none'))).rejects.toThrow('there is no such file');
        await expect(exported(store, join(folder, 'none', 'none'))).rejects.toThrow(
          'there is no such folder',
        );
      });
      expect(await readFile(path, 'utf8')).toBe(text);
    }
  });
});

describe('a file that no export wrote', () => {
  const stream = aStream();
  const good = { ...someEventOf(stream, '{"n":1}'), revision: 0 };
  const next = (changes: object) => lineOf({ ...someEventOf(stream, '{"n":2}'), revision: 1, ...changes });
  const without = (field: string) =>
    JSON.stringify({ ...(JSON.parse(next({})) as object), [field]: undefined });
  const base64 = 'not in the one way';

  it.each([
    [
      'ends an order',
      next({ stream: `$$${stream}`, revision: 0, data: Buffer.from('{"$tb":1}') }),
      /"\$\$order-default\.\S+" is not the stream of an order$/,
    ],
    [
      'plants a snapshot',
      next({ stream: snapshotStream(stream), revision: 0 }),
      /"order_snapshot-default\.\S+" is not the stream of an order$/,
    ],
    [
      'is in a stream of somebody else',
      next({ stream: 'order-tea', revision: 0 }),
      /"order-tea" is not the stream of an order$/,
    ],
    ['has a type of the event store itself', next({ type: '$>' }), /its type "\$>" begins with \$, as only/],
    ['has an id that is none', next({ eventId: 'one' }), /its id "one" is not a UUID$/],
    [
      'leaves one out',
      next({ revision: 2 }),
      /lacks event 1 \(its next one is 2\): it cannot be copied completely$/,
    ],
    ['comes twice', lineOf(good), /lacks event 1 \(its next one is 0\)/],
    ['names no stream', without('stream'), /it is not an event as `orderctl events export` writes it$/],
    ['names no type', without('type'), /it is not an event as `orderctl events export` writes it$/],
    ['has no content', without('data'), /it is not an event as `orderctl events export` writes it$/],
    [
      'would be another event',
      next({}).replace('"{\\"n\\":2}"', JSON.stringify({ base64 })),
      /it is not an event as `orderctl events export`/,
    ],
    ['is no JSON', 'stream: order-default', /it is not an event as `orderctl events export` writes it$/],
    ['is nothing', 'null', /it is not an event as `orderctl events export` writes it$/],
  ])('is refused where a line %s: the line is named, and nothing is written', async (_what, line, says) => {
    const path = newPath();
    await withFile(path, 'w+', async (file) => {
      const writer = await EventsFileWriter.begin(file, { store: randomUUID(), upTo: '9' });
      await writer.add(lineOf(good), 0n);
      await writer.add(line, 1n);
      await writer.finish(1);
    });
    await using(target, async (store) => {
      await storeIdentity(store); // writes it at the first time
      const before = await store.headPosition();
      // The first line is the header, the second is right.
      await expect(imported(store, path)).rejects.toThrow(new RegExp(`^${path} line 3: .*${says.source}`));
      expect(await store.headPosition()).toBe(before);
    });
  });

  it('does not come of streams whose names only look like those of orders: an export leaves them out', async () => {
    const fresh = await startTestEventStore();
    const path = newPath();
    try {
      await using(fresh, async (store) => {
        await write(store, [someEventOf('order-tea', '{}'), someEventOf(stream, '{}')]);
        expect(await exported(store, path)).toMatchObject({ events: 1, orders: 1 });
        expect(await imported(store, path)).toMatchObject({ alreadyThere: 1, appended: 0 });
      });
    } finally {
      await fresh.close();
    }
  });
});

const portOf = ({ url }: Server) => Number(new URL(url).port);
const urlAt = ({ port }: TcpProxy) => `esdb://127.0.0.1:${port}?tls=false`;

/** As `zcat` shows them. */
function eventLines(file: Buffer): string[] {
  return gunzipSync(file)
    .toString('utf8')
    .split('\n')
    .filter((line) => line.startsWith('{"stream":'));
}
