import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createLogger } from '#platform/logging.js';
import { BatchAppendCall } from '../../../apps/event-store/src/streams/batch-append.call.js';
import { openStore, type Store } from '../../../apps/event-store/src/streams/store.js';
import { subscribeToStream } from '../../../apps/event-store/src/streams/subscribe.js';
import { ReplyStream } from '../../../apps/event-store/src/wire/reply-stream.js';
import { freshDatabase } from '#test/support/database.js';
import { startTcpProxy, through, type TcpProxy } from '#test/support/tcp-proxy.js';
import { until } from '#test/support/until.js';
import { newStream } from './contract.js';
import { RecordingCall } from './recording-call.js';
import { oneEvent, submit } from './writes.js';

const logger = createLogger('event-store', 'silent');
const UNAVAILABLE = { kind: 'unavailable' };

describe('while the event store writes, but cannot read [embedded]', () => {
  const cleanUp: (() => Promise<unknown>)[] = [];
  let operator: pg.Client;
  let role: string;
  let proxy: TcpProxy;
  let store: Store;

  beforeEach(async () => {
    const { url, drop } = await freshDatabase();
    cleanUp.push(drop);
    operator = new pg.Client({ connectionString: url });
    await operator.connect();
    cleanUp.push(() => operator.end());
    role = `r_${randomUUID().replaceAll('-', '')}`;
    const database = new URL(url).pathname.slice(1);
    await operator.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
    await operator.query(`ALTER DATABASE ${database} OWNER TO ${role}`);
    cleanUp.push(async () => {
      await operator.query(`REASSIGN OWNED BY ${role} TO CURRENT_USER`);
      await operator.query(`DROP ROLE ${role}`);
    });
    const own = new URL(url);
    own.username = role;
    own.password = 'secret';
    proxy = await startTcpProxy(Number(own.port));
    cleanUp.push(() => proxy.close());
    const onOutdated = () => {};
    store = await openStore({
      postgresUrl: through(proxy, own.href),
      logger,
      onOutdated,
      answerLimitMs: 2_000,
    });
    cleanUp.push(() => store.close());
  }, 30_000);

  afterEach(async () => {
    for (const undo of cleanUp.splice(0).reverse()) await undo();
  });

  /** PostgreSQL keeps the connection that writes, and gives the event store no other. */
  async function stopReading(): Promise<void> {
    await operator.query(`ALTER ROLE ${role} CONNECTION LIMIT 1`);
    await operator.query(
      `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = $1 AND application_name <> $2`,
      [role, 'orderlog event-store writer'],
    );
  }

  async function startReading(): Promise<void> {
    await operator.query(`ALTER ROLE ${role} CONNECTION LIMIT -1`);
  }

  async function writingSession(): Promise<number | undefined> {
    const { rows } = await operator.query<{ pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE usename = $1 AND application_name = $2',
      [role, 'orderlog event-store writer'],
    );
    return rows[0]?.pid;
  }

  it('appends to streams that it knows are stored, and only those that need a lookup fail', async () => {
    const known = newStream();
    expect(await submit(store, { stream: known })).toMatchObject({ kind: 'written', revision: 0 });
    const session = await writingSession();
    await stopReading();
    const unknown = newStream();
    const answered: string[] = [];
    const submitted = async (stream: string) => {
      const outcome = await submit(store, { stream });
      answered.push(outcome.kind);
      return outcome;
    };
    // They share a batch.
    const streams = [known, unknown, `$$${unknown}`, known];
    const outcomes = await Promise.all(streams.map(submitted));
    expect(outcomes).toMatchObject([
      { kind: 'written', revision: 1 },
      UNAVAILABLE,
      UNAVAILABLE,
      { kind: 'written', revision: 2 },
    ]);
    // The first failure ends a call that they share: what is stored is told before.
    expect(answered).toEqual(['written', 'written', 'unavailable', 'unavailable']);
    await startReading();
    expect(await submit(store, { stream: unknown, expected: 'no_stream' })).toMatchObject({ revision: 0 });
    expect(await submit(store, { stream: known, expected: 2 })).toMatchObject({ revision: 3 });
    expect(await writingSession()).toBe(session);
  }, 30_000);

  it('of one call nothing is stored after an append whose stream cannot be looked up', async () => {
    const known = newStream();
    await submit(store, { stream: known });
    await stopReading();
    const call = Object.assign(new EventEmitter(), { pause() {}, resume() {}, write: () => true });
    const failed = once(call, 'error');
    new BatchAppendCall(store, call as unknown as ConstructorParameters<typeof BatchAppendCall>[1]);
    const sent: string[] = [];
    const append = (stream: string) => {
      const event = oneEvent();
      sent.push(event.id);
      const options = { stream, expected: 'any', deadlineMs: null };
      call.emit('data', { correlationId: event.id, options, events: [event], invalid: null, isFinal: true });
    };
    for (let n = 0; n < 100; n++) append(n === 50 ? newStream() : known);
    await setImmediate(); // these are in the batch; the next ones wait
    for (let n = 0; n < 100; n++) append(known);
    await failed;
    expect(await submit(store, { stream: known })).toMatchObject({ kind: 'written' });
    const { rows } = await operator.query<{ event_id: string }>(
      'SELECT event_id FROM event_store.events WHERE event_id = ANY ($1) ORDER BY position',
      [sent],
    );
    expect(rows.map((row) => row.event_id)).toEqual(sent.slice(0, 50));
  }, 30_000);

  it('what may recreate a deleted stream fails, and the other appends are stored', async () => {
    const known = newStream();
    const deleted = newStream();
    for (const stream of [known, deleted]) await submit(store, { stream });
    await submit(store, { kind: 'delete', stream: deleted, events: [] });
    const session = await writingSession();
    await stopReading();
    const outcomes = await Promise.all([
      submit(store, { stream: deleted, expected: 'no_stream' }),
      submit(store, { stream: known }),
    ]);
    expect(outcomes).toMatchObject([UNAVAILABLE, { kind: 'written', revision: 1 }]);
    await startReading();
    expect(await submit(store, { stream: deleted, expected: 'no_stream' })).toMatchObject({ revision: 1 });
    expect(await writingSession()).toBe(session);
  }, 30_000);

  it('a lookup that fails finds out that the writing session is lost as well', async () => {
    const known = newStream();
    await submit(store, { stream: known });
    const session = await writingSession();
    await stopReading();
    proxy.swallowAnswers();
    expect(await submit(store, { stream: newStream() })).toEqual(UNAVAILABLE);
    await startReading();
    await until('another session writes', async () => {
      const now = await writingSession();
      return now !== undefined && now !== session;
    });
    const written = await until('an append goes well', async () => {
      const outcome = await submit(store, { stream: known, expected: 0 });
      return outcome.kind === 'written' && outcome;
    });
    expect(written.revision).toBe(1);
  }, 60_000);

  it.each(['start', 'end'] as const)(
    'a subscription from the %s waits, and gets what is appended after its confirmation',
    async (from) => {
      const stream = newStream();
      await stopReading();
      const call = new RecordingCall();
      const request = { stream, from, direction: 'forwards', maxCount: null, filter: null } as const;
      const subscribed = subscribeToStream(
        store,
        { ...request, checkpointIntervalEvents: 1 },
        new ReplyStream(call),
      );
      // No lookup succeeds.
      expect(await submit(store, { stream: newStream() })).toEqual(UNAVAILABLE);
      await startReading();
      await until('it is confirmed', () => call.sent.includes('confirmed'));
      await submit(store, { stream });
      await until('the event is there', () => call.sent.includes('0'));
      call.emit('close');
      await subscribed;
    },
    30_000,
  );
});
