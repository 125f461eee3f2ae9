import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import {
  Metadata,
  Server,
  ServerCredentials,
  status,
  type ServerWritableStream,
  type UntypedHandleCall,
} from '@grpc/grpc-js';

/** A node of an EventStoreDB cluster that has got nothing yet, beside the one that leads it. */
export interface FollowingNode {
  readonly url: string;
  /** Reads that it sent to the leader. */
  readonly refused: () => number;
  close(): void;
}

export async function startFollowingNode(leaderUrl: string): Promise<FollowingNode> {
  const server = new Server();
  let refused = 0;
  /** With the leader's address where only the leader is to answer, as the client expects it; else with what it has: nothing. */
  const read = (call: ServerWritableStream<unknown, unknown>): void => {
    if (call.metadata.get('requires-leader')[0] !== 'true') return void call.end();
    refused += 1;
    const metadata = new Metadata();
    metadata.set('exception', 'not-leader');
    metadata.set('leader-endpoint-host', '127.0.0.1');
    metadata.set('leader-endpoint-port', new URL(leaderUrl).port);
    call.emit('error', { code: status.NOT_FOUND, details: 'Leader info available', metadata });
  };
  server.addService(StreamsService, { read: read as UntypedHandleCall });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return {
    url: `esdb://127.0.0.1:${port}?tls=false`,
    refused: () => refused,
    close: () => server.forceShutdown(),
  };
}
