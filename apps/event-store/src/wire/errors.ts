import { Metadata, status } from '@grpc/grpc-js';

/** The error that a call ends with: a gRPC code, a sentence, and trailers that tell the client its error class. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;

  constructor(code: status, details: string, trailers: Readonly<Record<string, string>> = {}) {
    super(details);
    this.code = code;
    this.details = details;
    this.metadata = new Metadata();
    for (const [key, value] of Object.entries(trailers)) this.metadata.set(key, value);
  }
}

export const APPEND_MAX_BYTES = 1024 * 1024;

// Codes, texts and trailers as EventStoreDB gives them (`RpcExceptions` in its sources).
export const streamDeleted = (stream: string): CallError =>
  new CallError(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': trailerText(stream),
  });

/** The answer to a deletion at the wrong revision. `current` is -1 for a stream without events. */
export const wrongExpectedVersion = (stream: string, expected: string, current: number): CallError =>
  new CallError(
    status.FAILED_PRECONDITION,
    `Delete failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expected}, Actual version: ${current}`,
    {
      exception: 'wrong-expected-version',
      'stream-name': trailerText(stream),
      'expected-version': expected,
      'actual-version': String(current),
    },
  );

export const appendTooLarge = (): CallError =>
  new CallError(status.INVALID_ARGUMENT, `Maximum Append Size of ${APPEND_MAX_BYTES} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(APPEND_MAX_BYTES),
  });

export const accessDenied = (): CallError =>
  new CallError(status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' });

export const invalidArgument = (details: string): CallError =>
  new CallError(status.INVALID_ARGUMENT, details);
export const deadlineExceeded = (): CallError =>
  new CallError(status.DEADLINE_EXCEEDED, 'the deadline of the request has passed');
export const unavailable = (): CallError =>
  new CallError(status.UNAVAILABLE, 'the storage of the event store is away');
export const internal = (): CallError =>
  new CallError(status.INTERNAL, 'the event store failed; its log says why');
export const unimplemented = (details: string): CallError => new CallError(status.UNIMPLEMENTED, details);

// Trailers are ASCII.
function trailerText(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text);
}
