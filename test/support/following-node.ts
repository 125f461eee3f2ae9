import { Metadata, status } from '@grpc/grpc-js';
import { startStreamsServer, type ReadCall } from './streams-server.js';

/** A follower node of an EventStoreDB cluster that has not received any events from its leader yet. */
export interface FollowingNode {
  readonly url: string;
  /** Number of reads and subscriptions that it referred to the leader. */
  readonly refused: () => number;
  close(): void;
}

export async function startFollowingNode(leaderUrl: string): Promise<FollowingNode> {
  let refused = 0;
  /**
   * Where the leader is required, answers with the leader's address, as the client expects it. Otherwise it
   * answers with its own events: none.
   */
  const read = (call: ReadCall): void => {
    if (call.metadata.get('requires-leader')[0] !== 'true') return void call.end();
    refused += 1;
    const metadata = new Metadata();
    metadata.set('exception', 'not-leader');
    metadata.set('leader-endpoint-host', '127.0.0.1');
    metadata.set('leader-endpoint-port', new URL(leaderUrl).port);
    call.emit('error', { code: status.NOT_FOUND, details: 'Leader info available', metadata });
  };
  const server = await startStreamsServer(read);
  return { ...server, refused: () => refused };
}
