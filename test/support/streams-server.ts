import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import {
  Server,
  ServerCredentials,
  type handleClientStreamingCall,
  type ServerWritableStream,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import type { AppendReq, AppendResp, ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';

export type ReadCall = ServerWritableStream<ReadReq, ReadResp>;

/**
 * A server of EventStoreDB's protocol whose reads and subscriptions are answered by `read`, and whose appends by
 * `append`, one call each.
 */
export async function startStreamsServer(
  read: (call: ReadCall) => void,
  append?: handleClientStreamingCall<AppendReq, AppendResp>,
): Promise<{ readonly url: string; close(): void }> {
  const server = new Server();
  server.addService(StreamsService, {
    read: read as UntypedHandleCall,
    ...(append ? { append: append as UntypedHandleCall } : {}),
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return { url: `esdb://127.0.0.1:${port}?tls=false`, close: () => server.forceShutdown() };
}
