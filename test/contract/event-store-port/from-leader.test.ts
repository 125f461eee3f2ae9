import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import {
  Metadata,
  Server,
  ServerCredentials,
  status,
  type ServerWritableStream,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { StoreUnavailable } from '#event-store/errors.js';
import { startTestEventStore } from '#test/support/event-store.js';
import { collected, someEvent, someStream } from '#test/support/stored-events.js';

let leader: Awaited<ReturnType<typeof startTestEventStore>>;
let follower: Server;
let followerUrl: string;
let store: DbClientEventStore;

const stream = someStream();

beforeAll(async () => {
  leader = await startTestEventStore();
  const atLeader = new DbClientEventStore({ connectionString: leader.url });
  await atLeader.append(stream, [someEvent(), someEvent()], 'no_stream');
  await atLeader.close();
  follower = new Server();
  follower.addService(StreamsService, { read: answerOfFollower as UntypedHandleCall });
  const port = await new Promise<number>((resolve, reject) =>
    follower.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  followerUrl = `esdb://127.0.0.1:${port}?tls=false`;
});
afterEach(() => store.close());
afterAll(async () => {
  follower.forceShutdown();
  await leader.close();
});

/** With the leader's address where only the leader is to answer, as the client expects it; else with what it has: nothing. */
function answerOfFollower(call: ServerWritableStream<unknown, unknown>): void {
  if (call.metadata.get('requires-leader')[0] !== 'true') return void call.end();
  const metadata = new Metadata();
  metadata.set('exception', 'not-leader');
  metadata.set('leader-endpoint-host', '127.0.0.1');
  metadata.set('leader-endpoint-port', new URL(leader.url).port);
  call.emit('error', { code: status.NOT_FOUND, details: 'Leader info available', metadata });
}

describe('an event store of several nodes, one of which has not got everything yet', () => {
  it('is read from that one, unless the leader is asked for', async () => {
    store = new DbClientEventStore({ connectionString: followerUrl });
    expect(await collected(store.readStream(stream))).toEqual([]);
  });

  it('is read from the leader by who needs what was appended last, once the node has named it', async () => {
    store = new DbClientEventStore({ connectionString: followerUrl, fromLeader: true });
    await expect(collected(store.readStream(stream))).rejects.toThrow(StoreUnavailable);
    expect(await collected(store.readStream(stream))).toHaveLength(2);
    expect(await store.headPosition()).toBeGreaterThan(0n);
  });
});
