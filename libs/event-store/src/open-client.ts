import { EventStoreDBClient } from '@eventstore/db-client';
import { internalsOf } from './client-internals.js';

/**
 * How much of a call a server sends before it hears that some of it was read. With HTTP/2's default of 65,535,
 * every few hundred events cost a round trip. From a distant server, that is most of the time that reading a log
 * takes. But what waits for a busy reader grows old, so that only full collections free it: with a megabyte, a
 * rebuild's memory went up and down with it.
 */
const READ_AHEAD_OCTETS = 256 * 1024;

/** What the client throws for a connection string that it does not understand. It holds the whole string. */
interface ParseError {
  readonly connectionString: string;
  readonly location: readonly [from: number, to: number];
  readonly expected: string;
}

/** `why` is the end of a sentence whose subject is the connection string, or the variable that it came from. */
export class ConnectionStringError extends Error {
  override readonly name = 'ConnectionStringError';

  constructor(readonly why: string) {
    super(`the connection string of the event store ${why}`);
  }
}

/**
 * A client for `connectionString`, which is passed on unchanged: TLS, certificates, credentials, seeds and
 * deadlines are up to the client. It connects with its first call.
 *
 * @throws ConnectionStringError in one line when the client does not understand the string, or does not find a
 * file that the string names. The error leaves out the string, which may hold a password.
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
  // For an option that it ignores, the client prints a warning with the whole string. A misspelt option must be an
  // error: ignored, it would silently mean its default.
  globalThis.console = { ...console, warn: (text: string) => warnings.push(text) };
  let why: string;
  try {
    const client = EventStoreDBClient.connectionString(connectionString);
    const unknown = warnings.find((text) => text.startsWith('Unknown option'));
    if (unknown === undefined) return client;
    // The last line of the warning points at the option.
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
 * The client does not await its own handling of an error. When that handling fails, for instance because the
 * cluster is not found any more, its rejection would be unhandled and end the process. It is ignored here: the
 * failed call reports its own error.
 */
function letGoOfErrors(client: EventStoreDBClient): void {
  const internals = internalsOf(client);
  const handle = internals.handleError;
  internals.handleError = (grpcClient, error) => handle(grpcClient, error).catch(() => {});
}

function isParseError(error: unknown): error is ParseError {
  return error instanceof Error && 'connectionString' in error && 'location' in error;
}
