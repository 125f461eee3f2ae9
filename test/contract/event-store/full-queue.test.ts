import { randomUUID } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { status, type ServerReadableStream, type ServerUnaryCall } from '@grpc/grpc-js';
import type { AppendResp, DeleteReq, DeleteResp } from '@eventstore/db-client/generated/streams_pb.js';
import pg from 'pg';
import { createLogger } from '#platform/logging.js';
import { appendCall } from '../../../apps/event-store/src/streams/append.call.js';
import { BatchAppendCall } from '../../../apps/event-store/src/streams/batch-append.call.js';
import { deleteCall } from '../../../apps/event-store/src/streams/delete.call.js';
import { openStore, type Store } from '../../../apps/event-store/src/streams/store.js';
import type {
  AppendChunk,
  BatchAppendChunk,
  ProposedEvent,
} from '../../../apps/event-store/src/wire/append-requests.js';
import { Empty, shared, streams } from '../../../apps/event-store/src/wire/generated.js';
import { freshDatabase } from '#test/support/database.js';
import { until } from '#test/support/until.js';
import { newStream, range } from './contract.js';
import { oneEvent, submit } from './writes.js';

type BatchCall = ConstructorParameters<typeof BatchAppendCall>[1];

const chunk = (event: ProposedEvent, stream = newStream()): BatchAppendChunk => ({
  correlationId: randomUUID(),
  options: { stream, expected: 'any', deadlineMs: null },
  events: [event],
  isFinal: true,
  invalid: null,
});

/** The server's side of a batch append whose client does not read its answers. */
class SlowlyReadCall extends PassThrough {
  answers = 0;
  resumed = 0;

  constructor() {
    super({ objectMode: true });
    this.on('error', () => {});
  }

  override resume(): this {
    this.resumed++;
    return super.resume();
  }

  override write(): boolean {
    this.answers++;
    return false;
  }
}

function deletionOf(stream: string, deadlineMs: number): ServerUnaryCall<DeleteReq, DeleteResp> {
  const options = new streams.DeleteReq.Options();
  options.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stream)));
  options.setAny(new Empty());
  const call = { request: new streams.DeleteReq().setOptions(options), getDeadline: () => deadlineMs };
  return call as unknown as ServerUnaryCall<DeleteReq, DeleteResp>;
}

describe('while much waits to be written [embedded]', () => {
  let store: Store;
  let operator: pg.Client;
  const cleanUp: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    const { url, drop } = await freshDatabase();
    cleanUp.push(drop);
    const logger = createLogger('event-store', 'silent');
    store = await openStore({ postgresUrl: url, logger, onOutdated: () => {}, answerLimitMs: 60_000 });
    cleanUp.push(() => store.close());
    operator = new pg.Client({ connectionString: url });
    await operator.connect();
    cleanUp.push(() => operator.end());
    await operator.query('BEGIN');
    await operator.query('LOCK TABLE event_store.events IN SHARE MODE');
  }, 30_000);

  afterEach(async () => {
    for (const undo of cleanUp.splice(0).reverse()) await undo();
  });

  /** Whether the statement of a batch waits for the lock. */
  async function isWriting(): Promise<boolean> {
    const { rowCount } = await operator.query(
      `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
    );
    return rowCount === 1;
  }

  /** A plain append of one event that has arrived, with the end of its call. */
  function plainAppend(stream: string, deadlineMs: number) {
    const call = Object.assign(new PassThrough({ objectMode: true }), { getDeadline: () => deadlineMs });
    call.write({ options: { stream, expected: 'no_stream', deadlineMs: null } });
    call.write({ event: oneEvent() });
    call.end();
    const reading = call as unknown as ServerReadableStream<AppendChunk, AppendResp>;
    const answered = new Promise<{ code?: unknown; revision?: string | undefined }>((resolve) => {
      appendCall(store, reading, (error, response) =>
        resolve(error ?? { revision: response?.getSuccess()?.getCurrentRevision() }),
      );
    });
    return { call, answered };
  }

  it('a plain append is not read from its client, and is stored when there is room', async () => {
    const data = Buffer.alloc(1_000_000);
    const writes = range(1, 50).map(() =>
      submit(store, { stream: newStream(), events: [{ ...oneEvent(), data }], bytes: data.length }),
    );
    await until('the first are being written', isWriting);
    expect(store.writer.isFull).toBe(true);

    const { call, answered } = plainAppend(newStream(), Infinity);
    for (let turn = 0; turn < 5; turn++) await setImmediate();
    expect(call.readableLength).toBe(2);

    await operator.query('COMMIT');
    expect(await answered).toEqual({ revision: '0' });
    expect(new Set((await Promise.all(writes)).map(({ kind }) => kind))).toEqual(new Set(['written']));
  }, 60_000);

  it('appends that may be repeats count, until they are compared with what is stored', async () => {
    await operator.query('COMMIT');
    const stream = newStream();
    expect(await submit(store, { stream, expected: 'no_stream' })).toMatchObject({ kind: 'written' });
    await operator.query('BEGIN');
    await operator.query('LOCK TABLE event_store.events IN ACCESS EXCLUSIVE MODE');
    const data = Buffer.alloc(1_000_000);
    const stale = range(1, 40).map(() =>
      submit(store, { stream, expected: 'no_stream', events: [{ ...oneEvent(), data }], bytes: data.length }),
    );
    await until('they are being compared', isWriting);
    expect(store.writer.isFull).toBe(true);
    await operator.query('COMMIT');
    const outcomes = await Promise.all(stale);
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['wrong-expected-revision']));
    expect(store.writer.isFull).toBe(false);
  }, 60_000);

  it('appends are taken again when the queue has room and the client reads its answers, not sooner', async () => {
    const call = new SlowlyReadCall();
    const batch = new BatchAppendCall(store, call as unknown as BatchCall);
    call.emit('data', chunk(oneEvent()));
    await until('it is being written', isWriting);
    // So many that the queue is still full when the first answer is sent.
    for (let count = 0; count < 60; count++) {
      call.emit('data', chunk({ ...oneEvent(), data: Buffer.alloc(1_000_000) }));
    }
    expect(call.isPaused()).toBe(true);
    call.resumed = 0;
    await operator.query('COMMIT');
    await until('the queue is empty', () => call.answers > 1 && !store.writer.isFull);
    expect(call.resumed).toBe(0);
    expect(call.listenerCount('drain')).toBe(1);
    call.emit('drain');
    expect(call.isPaused()).toBe(false);
    batch.fail();
  }, 60_000);

  it('a batch append that failed takes nothing that was still on its way', async () => {
    const call = new SlowlyReadCall();
    const batch = new BatchAppendCall(store, call as unknown as BatchCall);
    batch.fail();
    const stream = newStream();
    call.emit('data', chunk(oneEvent(), stream));
    await operator.query('COMMIT');
    expect(await submit(store, { stream })).toMatchObject({ kind: 'written', revision: 0 });
  }, 30_000);

  it('what is not written before the deadline of its call is not written at all', async () => {
    // Its statement waits for the lock, and what follows for its statement.
    const first = submit(store, { stream: newStream() });
    await until('it is being written', isWriting);
    const late = newStream();
    const soonMs = Date.now() + 1;
    const append = plainAppend(late, soonMs);
    const deletion = new Promise((resolve) => deleteCall(store, deletionOf(late, soonMs), resolve));
    await until('the deadlines have passed', () => Date.now() > soonMs);
    await operator.query('COMMIT');
    expect(await first).toMatchObject({ kind: 'written' });
    expect(await append.answered).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect(await deletion).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect(await store.states.committed(late)).toMatchObject({ revision: -1, metaRevision: -1 });
  }, 30_000);

  it('events without content count as well', async () => {
    const stream = newStream();
    const writes = range(1, 40_000).map(() => submit(store, { stream, bytes: 0 }));
    expect(store.writer.isFull).toBe(true);
    await operator.query('COMMIT');
    expect((await Promise.all(writes)).at(-1)).toMatchObject({ kind: 'written', revision: 39_999 });
    expect(store.writer.isFull).toBe(false);
  }, 60_000);
});
