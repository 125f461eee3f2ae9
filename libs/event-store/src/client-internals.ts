import type { Duplex, Readable } from 'node:stream';
import type { EventStoreDBClient } from '@eventstore/db-client';
import type { CallOptions, ChannelOptions, Client, Metadata } from '@grpc/grpc-js';
import { TimeoutError, within } from './within.js';

/** A connection, made with its first call. */
interface GrpcChannel {
  /** grpc-js 1.14.7, as pinned. */
  readonly internalChannel: { getOptions(): ChannelOptions };
  close(): void;
}

/** What of `@eventstore/db-client` 6.2.1 is not public and yet needed, in one place. The version is pinned. */
interface ClientInternals {
  /** Streams that are open; on a client that only appends, its one batch append stream. */
  readonly disposableStreams: Set<Duplex>;
  /** What the server can do, asked once; on the way to it the connection is made. */
  readonly capabilities: Promise<{ readonly serverVersion: string }>;
  readonly throwOnAppendFailure: boolean;
  createChannel(this: void): Promise<GrpcChannel>;
  getChannel(): Promise<GrpcChannel>;
  /** Drops the connection where an error says that another one may be better; called without being waited for. */
  handleError(this: void, grpcClient: Client, error: unknown): Promise<void>;
  /**
   * Makes a call over the client's connection, with a gRPC client of the class given, and looks after it: it is ended
   * with the client, and an error that another connection would not have makes one.
   */
  GRPCStreamCreator<Call extends Readable>(
    grpcClient: typeof Client,
    name: string,
    call: (client: Client) => Call,
  ): () => Promise<Call>;
  /** Credentials, the connection's name, who has to answer, and the deadline, in milliseconds, of a call. */
  callArguments(
    from: { readonly requiresLeader: boolean },
    options: { deadline: number },
  ): [Metadata, CallOptions];
}

export function internalsOf(client: EventStoreDBClient): ClientInternals {
  return client as unknown as ClientInternals;
}

const CLOSE_LIMIT_MS = 500;

/**
 * Ends every call and the connection; the client by itself never closes its channel. A call that does not
 * end in time is left to the closed channel.
 */
export async function closeClient(client: EventStoreDBClient): Promise<void> {
  await unlessLate(client.dispose());
  // Looking for a cluster can take minutes; where one is found after all, its connection is closed then.
  const closing = internalsOf(client)
    .getChannel()
    .then(
      (channel) => channel.close(),
      () => {}, // of a cluster that was never found: there is none to close
    );
  await unlessLate(closing);
}

async function unlessLate(closing: Promise<unknown>): Promise<void> {
  try {
    await within(CLOSE_LIMIT_MS, closing);
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
  }
}
