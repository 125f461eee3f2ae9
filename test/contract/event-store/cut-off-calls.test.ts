import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStoreDBClient } from '@eventstore/db-client';
import { createLogger } from '#platform/logging.js';
import { startEventStore, type RunningEventStore } from '../../../apps/event-store/src/server.js';
import { Empty, shared, streams } from '../../../apps/event-store/src/wire/generated.js';
import { freshDatabase } from '#test/support/database.js';
import { RawCall } from '#test/support/raw-http2.js';
import { newStream, numbered } from './contract.js';

const STREAMS = '/event_store.client.streams.Streams';
const NO_ERROR = 0;

const identifier = (stream: string) => new shared.StreamIdentifier().setStreamName(Buffer.from(stream));

describe('a call that is cut off [embedded]', () => {
  let store: RunningEventStore;
  const cleanUp: (() => unknown)[] = [];

  beforeEach(async () => {
    const { url, drop } = await freshDatabase();
    cleanUp.push(drop);
    const logger = createLogger('event-store', 'silent');
    store = await startEventStore({ postgresUrl: url, port: 0, logger });
    cleanUp.push(() => store.close());
  }, 30_000);
  afterEach(async () => {
    for (const undo of cleanUp.splice(0).reverse()) await undo();
  });

  async function begin(method: string, headers?: Readonly<Record<string, string>>): Promise<RawCall> {
    const call = await RawCall.begin(store.port, `${STREAMS}/${method}`, headers);
    cleanUp.push(() => call.close());
    return call;
  }

  it('stores nothing of a plain append, whatever has come of it', async () => {
    const stream = newStream();
    const options = new streams.AppendReq.Options().setStreamIdentifier(identifier(stream));
    const proposed = new streams.AppendReq.ProposedMessage()
      .setId(new shared.UUID().setString(randomUUID()))
      .setData(Buffer.from('{}'));
    proposed.getMetadataMap().set('type', 'Any').set('content-type', 'application/json');
    const call = await begin('Append');
    call.message(new streams.AppendReq().setOptions(options.setNoStream(new Empty())).serializeBinary());
    call.message(new streams.AppendReq().setProposedMessage(proposed).serializeBinary());
    await call.ping();
    call.reset(NO_ERROR);
    for (let pings = 0; pings < 3; pings++) await call.ping();
    const client = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${store.port}?tls=false`);
    cleanUp.push(() => client.dispose());
    const appended = await client.appendToStream(stream, numbered(2), { expectedRevision: 'no_stream' });
    expect(appended.nextExpectedRevision).toBe(1n);
  });

  it('is forgotten where it is a read whose deadline passed before it was asked in full', async () => {
    const stream = new streams.ReadReq.Options.StreamOptions()
      .setStreamIdentifier(identifier(newStream()))
      .setStart(new Empty());
    const options = new streams.ReadReq.Options()
      .setStream(stream)
      .setSubscription(new streams.ReadReq.Options.SubscriptionOptions())
      .setNoFilter(new Empty())
      .setUuidOption(new streams.ReadReq.Options.UUIDOption().setString(new Empty()));
    const call = await begin('Read', { 'grpc-timeout': '500m' });
    call.message(new streams.ReadReq().setOptions(options).serializeBinary());
    await call.answered();
    call.end();
    for (let pings = 0; pings < 3; pings++) await call.ping();
    expect([store.openCalls(), store.listeners()]).toEqual([0, 0]);
  });
});
