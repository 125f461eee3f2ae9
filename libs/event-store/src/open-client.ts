import { EventStoreDBClient } from '@eventstore/db-client';
import { internalsOf } from './client-internals.js';

/**
 * How much a server sends of a call before it hears that some was read. HTTP/2's own 65,535 are a round trip for some
 * hundred events, which is most of the time that reading a log takes where the server is not near.
 */
const READ_AHEAD_OCTETS = 1024 * 1024;

/** What the client throws for a connection string that it does not understand: it has the string in it, whole. */
interface ParseError {
  readonly connectionString: string;
  readonly location: readonly [from: number, to: number];
  readonly expected: string;
}

/**
 * A client for `connectionString`, which goes to it untouched: TLS, certificates, credentials, seeds and deadlines are
 * its own affair.
 *
 * @throws Error in one line when the client does not understand it, without the string: it may hold a password.
 */
export function openClient(connectionString: string): EventStoreDBClient {
  let place: ParseError;
  try {
    const client = EventStoreDBClient.connectionString(connectionString);
    readAhead(client);
    return client;
  } catch (error) {
    if (!isParseError(error)) throw error;
    place = error;
  }
  throw new Error(
    `the connection string of the event store is not understood: after ${place.location[0]} characters there should be ${place.expected}`,
  );
}

function readAhead(client: EventStoreDBClient): void {
  const internals = internalsOf(client);
  const create = internals.createChannel;
  internals.createChannel = async () => {
    const channel = await create();
    channel.internalChannel.getOptions()['grpc-node.flow_control_window'] = READ_AHEAD_OCTETS;
    return channel;
  };
}

function isParseError(error: unknown): error is ParseError {
  return error instanceof Error && 'connectionString' in error && 'location' in error;
}
