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

/** What follows names the connection string: the variable, where one gave it. */
export class ConnectionStringError extends Error {
  override readonly name = 'ConnectionStringError';

  constructor(readonly why: string) {
    super(`the connection string of the event store ${why}`);
  }
}

/**
 * A client for `connectionString`, which goes to it untouched: TLS, certificates, credentials, seeds and deadlines are
 * its own affair. It connects with its first call.
 *
 * @throws ConnectionStringError in one line when the client does not understand it, or finds no file that it names;
 * without the string: it may hold a password
 */
export function openClient(connectionString: string): EventStoreDBClient {
  const client = understood(connectionString);
  readAhead(client);
  letGoOfErrors(client);
  return client;
}

function understood(connectionString: string): EventStoreDBClient {
  const warnings: string[] = [];
  const { console } = globalThis;
  // What it ignores it warns of with the whole string, and a misspelt option would be a default in disguise.
  globalThis.console = { ...console, warn: (text: string) => warnings.push(text) };
  let why: string;
  try {
    const client = EventStoreDBClient.connectionString(connectionString);
    const unknown = warnings.find((text) => text.startsWith('Unknown option'));
    if (unknown === undefined) return client;
    // Its last line points at the option.
    const after = unknown.split('\n').at(-1)!.indexOf('^');
    why = `is not understood: after ${after} characters there is an option that the client does not know`;
  } catch (error) {
    why = isParseError(error)
      ? `is not understood: after ${error.location[0]} characters there should be ${error.expected}`
      : `cannot be used: ${(error as Error).message}`;
  } finally {
    globalThis.console = console;
  }
  throw new ConnectionStringError(why);
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

/**
 * The client waits for no handling of an error, so that one which fails by itself, as where the cluster is not found any
 * more, would be nobody's, and end the process. Whose call has failed is told by the call.
 */
function letGoOfErrors(client: EventStoreDBClient): void {
  const internals = internalsOf(client);
  const handle = internals.handleError;
  internals.handleError = (grpcClient, error) => handle(grpcClient, error).catch(() => {});
}

function isParseError(error: unknown): error is ParseError {
  return error instanceof Error && 'connectionString' in error && 'location' in error;
}
