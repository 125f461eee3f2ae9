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

/**
 * The parts of `@eventstore/db-client` 6.2.1 that are needed but not public, in one place. The version is pinned.
 */
interface ClientInternals {
  /** The open streams. A client that only appends has one: its batch append stream. */
  readonly disposableStreams: Set<Duplex>;
  /** What the server can do, asked once. Asking makes the connection. */
  readonly capabilities: Promise<{ readonly serverVersion: string }>;
  readonly throwOnAppendFailure: boolean;
  createChannel(this: void): Promise<GrpcChannel>;
  getChannel(): Promise<GrpcChannel>;
  /** Drops the connection where an error says that another one may be better. The client does not await it. */
  handleError(this: void, grpcClient: Client, error: unknown): Promise<void>;
  /**
   * Makes a call over the client's connection, with a gRPC client of the class given. The call ends with the
   * client. After an error that another connection may avoid, the client makes a new connection.
   */
  GRPCStreamCreator<Call extends Readable>(
    grpcClient: typeof Client,
    name: string,
    call: (client: Client) => Call,
  ): () => Promise<Call>;
  /** A call's credentials, connection name, whether the leader has to answer, and deadline in milliseconds. */
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
 * Ends every call and the connection: the client by itself never closes its channel. A call that does not end
 * in time is left to end with the channel.
 */
export async function closeClient(client: EventStoreDBClient): Promise<void> {
  await unlessLate(client.dispose());
  // Looking for a cluster can take minutes. If one is found after all, its connection is closed then.
  const closing = internalsOf(client)
    .getChannel()
    .then(
      (channel) => channel.close(),
      () => {}, // no cluster was found: there is no connection to close
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
