import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ServerReadableStream } from '@grpc/grpc-js';
import type { AppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import pg from 'pg';
import { createLogger } from '#platform/logging.js';
import { appendCall } from '../../../apps/event-store/src/streams/append.call.js';
import { openStore, type Store } from '../../../apps/event-store/src/streams/store.js';
import type { AppendChunk } from '../../../apps/event-store/src/wire/append-requests.js';
import { freshDatabase } from '#test/support/database.js';
import { until } from '#test/support/until.js';
import { newStream, range } from './contract.js';
import { oneEvent, submit } from './writes.js';

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

  it('a plain append is not read from its client, and is stored when there is room', async () => {
    const data = Buffer.alloc(1_000_000);
    const writes = range(1, 50).map(() =>
      submit(store, { stream: newStream(), events: [{ ...oneEvent(), data }], bytes: data.length }),
    );
    await until('the first are being written', async () => {
      const { rowCount } = await operator.query(
        `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
      );
      return rowCount === 1;
    });
    expect(store.writer.isFull).toBe(true);

    const call = new PassThrough({ objectMode: true });
    const chunks: AppendChunk[] = [
      { options: { stream: newStream(), expected: 'no_stream', deadlineMs: null } },
      { event: oneEvent() },
    ];
    for (const chunk of chunks) call.write(chunk);
    call.end();
    const answered = new Promise<AppendResp | null | undefined>((resolve, reject) => {
      const reading = call as unknown as ServerReadableStream<AppendChunk, AppendResp>;
      appendCall(store, reading, (error, response) => (error ? reject(error) : resolve(response)));
    });
    for (let turn = 0; turn < 5; turn++) await setImmediate();
    expect(call.readableLength).toBe(chunks.length);

    await operator.query('COMMIT');
    expect((await answered)?.getSuccess()?.getCurrentRevision()).toBe('0');
    expect(new Set((await Promise.all(writes)).map(({ kind }) => kind))).toEqual(new Set(['written']));
  }, 60_000);

  it('events without content count as well', async () => {
    const stream = newStream();
    const writes = range(1, 40_000).map(() => submit(store, { stream, bytes: 0 }));
    expect(store.writer.isFull).toBe(true);
    await operator.query('COMMIT');
    expect((await Promise.all(writes)).at(-1)).toMatchObject({ kind: 'written', revision: 39_999 });
    expect(store.writer.isFull).toBe(false);
  }, 60_000);
});
