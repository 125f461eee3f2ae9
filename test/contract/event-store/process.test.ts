import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { EventStoreDBClient } from '@eventstore/db-client';
import pg from 'pg';
import { startEmbeddedPostgres } from '#platform/embedded-postgres.js';
import { createLogger } from '#platform/logging.js';
import { startEventStore } from '../../../apps/event-store/src/server.js';
import { openStore } from '../../../apps/event-store/src/streams/store.js';
import { freshDatabase } from '#test/support/database.js';
import { startEventStoreProcess } from '#test/support/event-store-process.js';
import { startTcpProxy, through } from '#test/support/tcp-proxy.js';
import { until } from '#test/support/until.js';
import { collect, newStream, numbered, numbersOf, rejection } from './contract.js';
import { submit } from './writes.js';

const logger = createLogger('event-store', 'silent');
// A port that is taken is expected here; gRPC would write about it to the console.
setLogVerbosity(logVerbosity.NONE);

describe('the embedded event store as a process of the system [embedded]', () => {
  const cleanUp: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const undo of cleanUp.splice(0).reverse()) await undo();
  });

  async function database(): Promise<string> {
    const { url, drop } = await freshDatabase();
    cleanUp.push(drop);
    return url;
  }

  function connect(port: number): EventStoreDBClient {
    const client = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${port}?tls=false`);
    cleanUp.push(() => client.dispose());
    return client;
  }

  it('refuses to be the second on one database', async () => {
    const postgresUrl = await database();
    const first = await startEventStore({ postgresUrl, port: 0, logger });
    cleanUp.push(() => first.close());
    const error = await rejection(startEventStore({ postgresUrl, port: 0, logger }));
    expect((error as Error).message).toContain('another event store is running on this database');
  }, 30_000);

  it('says so when another one has taken its database over, and knows nothing of streams from before', async () => {
    const postgresUrl = await database();
    let why = '';
    const onOutdated = (told: string) => (why = told);
    const store = await startEventStore({ postgresUrl, port: 0, logger, onOutdated, takenOverAfterMs: 300 });
    cleanUp.push(() => store.close());
    const client = connect(store.port);
    const stream = newStream();
    await client.appendToStream(stream, numbered(2), { expectedRevision: 'no_stream' });
    const other = await takenOver(postgresUrl);
    await other.query('DELETE FROM event_store.events WHERE stream = $1 AND revision = 1', [stream]);
    await other.query('UPDATE event_store.events SET data = $2 WHERE stream = $1', [stream, '{"n":7}']);
    await until('it knows', () => why !== '', 20_000);
    expect(why).toBe('another event store writes to the database now: stop one of them');
    expect(numbersOf(await collect(client.readStream(stream)))).toEqual([7]);
  }, 60_000);

  it('shows what another one writes, from when it knows that it cannot write any more', async () => {
    const postgresUrl = await database();
    const store = await startEventStore({ postgresUrl, port: 0, logger });
    cleanUp.push(() => store.close());
    const client = connect(store.port);
    const stream = newStream();
    await client.appendToStream(stream, numbered(1), { expectedRevision: 'no_stream' });
    const other = await takenOver(postgresUrl);
    const isRefused = () => client.appendToStream(newStream(), numbered(1)).catch(() => true);
    await until('it has noticed', async () => (await isRefused()) === true);
    for (let revision = 1; revision <= 20; revision++) {
      await other.query(
        `INSERT INTO event_store.events
         SELECT position + 1, stream, revision + 1, gen_random_uuid(), type, is_json, data, metadata, created_ms
         FROM event_store.events WHERE stream = $1 ORDER BY revision DESC LIMIT 1`,
        [stream],
      );
      expect(await collect(client.readStream(stream))).toHaveLength(revision + 1);
      const [last] = await collect(
        client.readAll({ direction: 'backwards', fromPosition: 'end', maxCount: 1 }),
      );
      expect(last?.event?.revision).toBe(BigInt(revision));
    }
  }, 60_000);

  it('answers, and ends when it is told to, while its log cannot be written', async () => {
    const unwritable = await open('package.json', 'r');
    cleanUp.push(() => unwritable.close());
    const store = await startEventStoreProcess(await database(), 0, { level: 'trace', to: unwritable.fd });
    cleanUp.push(() => store.kill());
    const stream = newStream();
    const client = connect(store.port);
    await client.appendToStream(stream, numbered(2), { expectedRevision: 'no_stream' });
    expect(numbersOf(await collect(client.readStream(stream)))).toEqual([0, 1]);
    expect(await store.stop()).toBe(0);
  }, 60_000);

  it('says so when its database comes back with less than it had acknowledged', async () => {
    const postgresUrl = await database();
    let why = '';
    const onOutdated = (told: string) => (why = told);
    const store = await startEventStore({ postgresUrl, port: 0, logger, onOutdated });
    cleanUp.push(() => store.close());
    await connect(store.port).appendToStream(newStream(), numbered(3), { expectedRevision: 'no_stream' });
    const other = new pg.Client({ connectionString: postgresUrl });
    await other.connect();
    cleanUp.push(() => other.end());
    await other.query('DELETE FROM event_store.events WHERE revision = 2');
    await other.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    await until('it knows', () => why !== '', 20_000);
    expect(why).toMatch(/^the database ends at position \d+, before events that were acknowledged/);
  }, 60_000);

  it('does not start where PostgreSQL takes no writes', async () => {
    const postgresUrl = await database();
    const first = await startEventStore({ postgresUrl, port: 0, logger });
    await first.close();
    await readOnly(postgresUrl, true);
    const error = await rejection(startEventStore({ postgresUrl, port: 0, logger }));
    expect((error as Error).message).toBe(
      "this PostgreSQL takes no writes (a standby, or read-only): give the primary's address",
    );
  }, 30_000);

  it('waits for one that takes writes, and until then tells nothing of where the log ends', async () => {
    const postgresUrl = await database();
    let why = '';
    const onOutdated = (told: string) => (why = told);
    const log = createLogger('event-store', 'silent');
    const told = jest.spyOn(log, 'info');
    const refused = jest.spyOn(log, 'debug');
    const store = await startEventStore({ postgresUrl, port: 0, logger: log, onOutdated });
    cleanUp.push(() => store.close());
    const client = connect(store.port);
    const stream = newStream();
    await client.appendToStream(stream, numbered(2), { expectedRevision: 'no_stream' });
    const operator = await connected(postgresUrl);
    // As on a standby that has not replayed the last event.
    await operator.query('ALTER TABLE event_store.events RENAME TO all_events');
    await operator.query(
      'CREATE VIEW event_store.events AS SELECT * FROM event_store.all_events WHERE position < 2',
    );
    await readOnly(postgresUrl, true);
    await operator.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
       AND application_name = 'orderlog event-store writer'`,
    );
    await until('it has come again', () => refused.mock.calls.length > 1 || told.mock.calls.length > 0);
    expect(told).not.toHaveBeenCalled();
    expect(why).toBe('');
    await operator.query('BEGIN READ WRITE');
    await operator.query('DROP VIEW event_store.events');
    await operator.query('ALTER TABLE event_store.all_events RENAME TO events');
    await operator.query('COMMIT');
    await readOnly(postgresUrl, false);
    await until('an append goes well', () =>
      client.appendToStream(stream, numbered(1, { from: 2 }), { expectedRevision: 1n }).catch(() => null),
    );
    expect(told).toHaveBeenCalledWith({ lastPosition: 2 }, 'connected again: writing goes on');
    expect(why).toBe('');
  }, 60_000);

  async function readOnly(postgresUrl: string, isReadOnly: boolean): Promise<void> {
    const client = await connected(postgresUrl);
    const name = new URL(postgresUrl).pathname.slice(1);
    await client.query('SET default_transaction_read_only = off');
    await client.query(`ALTER DATABASE ${name} SET default_transaction_read_only = ${isReadOnly}`);
  }

  it('waits as long as its table is locked, and takes none of its own lost sessions for another event store', async () => {
    const postgresUrl = await database();
    let why = '';
    const onOutdated = (told: string) => (why = told);
    const limits = { answerLimitMs: 600, takenOverAfterMs: 2_500 };
    const first = await startEventStore({ postgresUrl, port: 0, logger }); // makes the table, for as long as it takes
    await first.close();
    const store = await startEventStore({ postgresUrl, port: 0, logger, onOutdated, ...limits });
    cleanUp.push(() => store.close());
    const client = connect(store.port);
    const stream = newStream(); // once its state is known, an append reads nothing and goes straight to the table
    await until('it is known', () => client.appendToStream(stream, numbered(1)).catch(() => null));
    const admin = await locking(postgresUrl, 'ACCESS EXCLUSIVE');
    const append = () => client.appendToStream(stream, numbered(1, { from: 1 }), { expectedRevision: 'any' });
    expect(await rejection(append())).toMatchObject({ type: 'unavailable' });
    const watching = await connected(postgresUrl); // a transaction sees the same sessions all the time
    const sessions = new Set<number>();
    await until(
      'it has come again for longer than another store may be there',
      async () => {
        const { rows } = await watching.query<{ pid: number }>(
          `SELECT pid FROM pg_stat_activity WHERE datname = current_database()
         AND application_name = 'orderlog event-store writer' AND wait_event_type = 'Lock'`,
        );
        for (const { pid } of rows) sessions.add(pid);
        return why !== '' || sessions.size > 4; // a new one comes every second or later
      },
      60_000,
    );
    expect(why).toBe('');
    await admin.query('COMMIT');
    await until('an append goes well', () => append().catch(() => null));
  }, 120_000);

  it('waits for a session of its own that cannot be interrupted, as while the disk does not answer', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'orderlog-stall-'));
    cleanUp.push(() => rm(dataDir, { recursive: true, force: true }));
    const postgres = await startEmbeddedPostgres({ dataDir, settings: { fsync: 'off' } });
    cleanUp.push(() => postgres.stop());
    let why = '';
    const onOutdated = (told: string) => (why = told);
    const limits = { answerLimitMs: 600, takenOverAfterMs: 500 };
    const told = createLogger('event-store', 'silent');
    const warned = jest.spyOn(told, 'warn');
    const store = await startEventStore({
      ...{ postgresUrl: postgres.url, port: 0, logger: told, onOutdated },
      ...limits,
    });
    cleanUp.push(() => store.close());
    const client = connect(store.port);
    const append = () => client.appendToStream(newStream(), numbered(1), { expectedRevision: 'no_stream' });
    await until('it writes', () => append().catch(() => null));
    const watching = await connected(postgres.url);
    const { rows } = await watching.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'orderlog event-store writer'`,
    );
    const { pid } = rows[0]!;
    process.kill(pid, 'SIGSTOP');
    cleanUp.push(async () => goOn(pid));
    expect(await rejection(append())).toMatchObject({ type: 'unavailable' });
    const tries = () =>
      warned.mock.calls.filter(([about]) => (about as { pid?: number } | undefined)?.pid === pid);
    await until(
      'it has come again for longer than another store may be there',
      () => why !== '' || tries().length === 5, // the last of them seconds after the first
      60_000,
    );
    expect(why).toBe('');
    goOn(pid);
    await until('an append goes well', () => append().catch(() => null), 60_000);
  }, 120_000);

  it('stores appends to new streams while readers of history keep all their connections busy', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'orderlog-busy-'));
    cleanUp.push(() => rm(dataDir, { recursive: true, force: true }));
    const postgres = await startEmbeddedPostgres({ dataDir, settings: { fsync: 'off' } });
    cleanUp.push(() => postgres.stop());
    const store = await openStore({ postgresUrl: postgres.url, logger, onOutdated: () => {} });
    cleanUp.push(() => store.close());
    const readOfEach = () => [1, 2, 3, 4].map(() => store.reader.pageOfAll('forwards', 0, 100));
    await Promise.all(readOfEach());
    const watching = await connected(postgres.url);
    const { rows: readers } = await watching.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'orderlog event-store reader'`,
    );
    expect(readers).toHaveLength(4);
    for (const { pid } of readers) {
      process.kill(pid, 'SIGSTOP');
      cleanUp.push(async () => goOn(pid));
    }
    const reads = Promise.all(readOfEach());
    expect(await submit(store, { stream: newStream() })).toMatchObject({ kind: 'written' });
    for (const { pid } of readers) goOn(pid);
    await reads;
  }, 60_000);

  function goOn(pid: number): void {
    try {
      process.kill(pid, 'SIGCONT');
    } catch {
      // it went on, and has ended
    }
  }

  it('starts while its table is being vacuumed', async () => {
    const postgresUrl = await database();
    const first = await startEventStore({ postgresUrl, port: 0, logger });
    await first.close();
    await locking(postgresUrl, 'SHARE UPDATE EXCLUSIVE');
    const second = await startEventStore({ postgresUrl, port: 0, logger, answerLimitMs: 2_000 });
    await second.close();
  }, 30_000);

  /** A connection that holds such a lock on the table of events until its `COMMIT`. */
  async function locking(postgresUrl: string, mode: string): Promise<pg.Client> {
    const admin = await connected(postgresUrl);
    await admin.query('BEGIN');
    await admin.query(`LOCK TABLE event_store.events IN ${mode} MODE`);
    return admin;
  }

  async function connected(postgresUrl: string): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: postgresUrl });
    await client.connect();
    cleanUp.push(() => client.end());
    return client;
  }

  /** The connection of another event store that has the right to write now. */
  async function takenOver(postgresUrl: string): Promise<pg.Client> {
    const other = await connected(postgresUrl);
    const { rows } = await other.query<{ pid: number; key: string }>(
      `SELECT pid, (classid::bigint << 32 | objid::bigint)::text AS key FROM pg_locks
       WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    const [writer] = rows;
    // It stands in line: nobody is before it when the lock is free.
    const locked = other.query('SELECT pg_advisory_lock($1)', [writer!.key]);
    await locker(postgresUrl, writer!.pid);
    await locked;
    return other;
  }

  async function locker(postgresUrl: string, pid: number): Promise<void> {
    const client = new pg.Client({ connectionString: postgresUrl });
    await client.connect();
    await until('the other one waits for the lock', async () => {
      const { rowCount } = await client.query(
        `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      return (rowCount ?? 0) > 0;
    });
    await client.query('SELECT pg_terminate_backend($1)', [pid]);
    await client.end();
  }

  it('names a port that is taken and lets go of its database', async () => {
    const first = await startEventStore({ postgresUrl: await database(), port: 0, logger });
    cleanUp.push(() => first.close());
    const postgresUrl = await database();
    const error = await rejection(startEventStore({ postgresUrl, port: first.port, logger }));
    expect((error as Error).message).toContain(`port ${first.port} is taken`);
    const second = await startEventStore({ postgresUrl, port: 0, logger });
    await second.close();
  }, 30_000);

  it('goes on where it was after a restart', async () => {
    const postgresUrl = await database();
    const stream = newStream();
    const first = await startEventStore({ postgresUrl, port: 0, logger });
    const before = connect(first.port);
    const batch = numbered(2);
    const written = await before.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
    await before.setStreamMetadata(stream, { maxCount: 2 });
    const deleted = newStream();
    const deletedBatch = numbered(2);
    await before.appendToStream(deleted, deletedBatch, { expectedRevision: 'no_stream' });
    await before.deleteStream(deleted);
    await before.dispose();
    await first.close();

    const second = await startEventStore({ postgresUrl, port: 0, logger });
    cleanUp.push(() => second.close());
    const after = connect(second.port);
    const again = await after.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
    expect(again.position).toEqual(written.position);
    // Only the stored rows can tell by now.
    const [head, tail] = deletedBatch;
    const repeated = await after.appendToStream(deleted, deletedBatch, { expectedRevision: 'no_stream' });
    expect(repeated.nextExpectedRevision).toBe(1n);
    expect(
      await rejection(
        after.appendToStream(deleted, [head!, ...numbered(1)], { expectedRevision: 'no_stream' }),
      ),
    ).toMatchObject({ type: 'wrong-expected-version', actualVersion: 1n });
    const anew = await after.appendToStream(deleted, [...numbered(1), tail!], {
      expectedRevision: 'no_stream',
    });
    expect(anew.nextExpectedRevision).toBe(3n);
    const next = await after.appendToStream(stream, numbered(1, { from: 2 }), { expectedRevision: 1n });
    expect(next.position!.commit).toBeGreaterThan(written.position!.commit);
    expect(numbersOf(await collect(after.readStream(stream)))).toEqual([1, 2]);
  }, 30_000);

  it('ends a subscription when it stops, and does not wait for clients that are connected', async () => {
    const store = await startEventStore({ postgresUrl: await database(), port: 0, logger });
    const client = connect(store.port);
    const subscription = client.subscribeToAll();
    const ended = rejection(collect(subscription));
    await once(subscription, 'caughtUp');
    await client.appendToStream(newStream(), numbered(1));
    const beganMs = performance.now();
    await store.close();
    expect(performance.now() - beganMs).toBeLessThan(4_000);
    expect(await ended).toMatchObject({ type: 'unavailable' });
  }, 30_000);

  it('frees what readers and subscribers that leave have held', async () => {
    const store = await startEventStore({ postgresUrl: await database(), port: 0, logger });
    cleanUp.push(() => store.close());
    const client = connect(store.port);
    const stream = newStream();
    await client.appendToStream(stream, numbered(2_000));
    const afterAppend = store.openCalls();
    for (let round = 0; round < 5; round++) {
      const subscriptions = [client.subscribeToAll(), client.subscribeToStream(stream)];
      await Promise.all(subscriptions.map((subscription) => once(subscription, 'confirmation')));
      expect(store.openCalls()).toBe(afterAppend + 2);
      expect(store.listeners()).toBe(2);
      // One leaves in the middle of the history, the other one before it has read anything.
      await Promise.all(subscriptions.map((subscription) => subscription.unsubscribe()));
      const reading = client.readAll();
      await once(reading, 'data');
      // Leaving a `for await` is not enough: the client keeps the call until it is cancelled.
      await reading.cancel();
      await until(
        'the server has let go of them',
        () => store.openCalls() === afterAppend && store.listeners() === 0,
      );
    }
  }, 30_000);

  it('ends reads and subscriptions that PostgreSQL refuses, which is no outage', async () => {
    const postgresUrl = await database();
    const before = await startEventStore({ postgresUrl, port: 0, logger });
    await connect(before.port).appendToStream(newStream(), numbered(1));
    await before.close();
    // It has nothing in memory.
    const store = await startEventStore({ postgresUrl, port: 0, logger });
    cleanUp.push(() => store.close());
    const client = connect(store.port);
    const operator = new pg.Client({ connectionString: postgresUrl });
    await operator.connect();
    cleanUp.push(() => operator.end());
    await operator.query('ALTER TABLE event_store.events RENAME COLUMN revision TO other');
    for (const ask of [
      () => collect(client.readStream(newStream())),
      () => collect(client.subscribeToStream(newStream())),
      () => collect(client.readAll()),
      () => collect(client.subscribeToAll()),
    ]) {
      expect(await rejection(ask())).toMatchObject({
        code: 13,
        message: expect.stringContaining('INTERNAL: the event store failed') as unknown,
      });
    }
  }, 30_000);

  it('is unavailable while PostgreSQL is away, and comes back by itself', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'orderlog-outage-'));
    cleanUp.push(() => rm(dataDir, { recursive: true, force: true }));
    const settings = { fsync: 'off' }; // it is stopped, and does not crash
    const postgres = await startEmbeddedPostgres({ dataDir, settings });
    const store = await startEventStore({ postgresUrl: postgres.url, port: 0, logger });
    cleanUp.push(() => store.close());
    const client = connect(store.port);
    const stream = newStream();
    await client.appendToStream(stream, numbered(1));
    const subscription = client.subscribeToStream(stream);
    const seen: number[] = [];
    subscription.on('data', (event) => seen.push(...numbersOf([event])));
    await once(subscription, 'data');

    await postgres.stop();
    expect(await rejection(client.appendToStream(stream, numbered(1)))).toMatchObject({
      type: 'unavailable',
    });
    expect(await rejection(collect(client.readStream(newStream())))).toMatchObject({ type: 'unavailable' });

    const again = await startEmbeddedPostgres({ dataDir, port: postgres.port, settings });
    cleanUp.push(() => again.stop());
    const event = numbered(1, { from: 1 });
    const live = once(subscription, 'data');
    // The outcome of an append that failed is unknown: the same bytes are sent again at the same revision.
    await until('an append goes well', () =>
      client.appendToStream(stream, event, { expectedRevision: 0n }).catch(() => null),
    );
    await live;
    expect(numbersOf(await collect(client.readStream(stream)))).toEqual([0, 1]);
    expect(seen).toEqual([0, 1]);
  }, 90_000);

  it('does not wait for ever for what a network swallows of PostgreSQL', async () => {
    const direct = await database();
    const proxy = await startTcpProxy(Number(new URL(direct).port));
    cleanUp.push(() => proxy.close());
    const postgresUrl = through(proxy, direct);
    const store = await startEventStore({ postgresUrl, port: 0, logger, answerLimitMs: 2_000 });
    cleanUp.push(() => store.close());
    const client = connect(store.port);
    const stream = newStream();
    const events = numbered(1_500);
    await client.appendToStream(stream, events);
    expect(await collect(client.readStream(stream))).toHaveLength(1_500); // a page of history, too

    proxy.swallowAnswers();
    expect(await rejection(collect(client.readStream(newStream())))).toMatchObject({ type: 'unavailable' });
    expect(await rejection(client.appendToStream(stream, numbered(1)))).toMatchObject({
      type: 'unavailable',
    });
    const more = numbered(1, { from: 1_500 });
    await until('an append goes well', () =>
      client.appendToStream(stream, more, { expectedRevision: 'any' }).catch(() => null),
    );
    const read = await until('all is read', () => collect(client.readStream(stream)).catch(() => null));
    expect(read.length).toBeGreaterThanOrEqual(1_501);
  }, 60_000);
});
