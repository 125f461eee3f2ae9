import { EventStoreDBClient } from '@eventstore/db-client';

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
    return EventStoreDBClient.connectionString(connectionString);
  } catch (error) {
    if (!isParseError(error)) throw error;
    place = error;
  }
  throw new Error(
    `the connection string of the event store is not understood: after ${place.location[0]} characters there should be ${place.expected}`,
  );
}

function isParseError(error: unknown): error is ParseError {
  return error instanceof Error && 'connectionString' in error && 'location' in error;
}
