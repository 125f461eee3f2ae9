import {
  AccessDeniedError,
  MaxAppendSizeExceededError,
  StreamDeletedError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import type { ServiceError } from '@grpc/grpc-js';
import {
  AppendOutcomeUnknown,
  AppendTooLarge,
  StoreUnavailable,
  StreamDeleted,
  WrongExpectedRevision,
} from './errors.js';

/** The port's error for an append that the client rejected. */
export function appendError(stream: string, sizeBytes: number, error: unknown): Error {
  if (error instanceof AppendOutcomeUnknown) return error;
  if (error instanceof WrongExpectedVersionError) {
    const actual = error.actualVersion;
    return new WrongExpectedRevision(stream, typeof actual === 'bigint' ? Number(actual) : null);
  }
  if (error instanceof MaxAppendSizeExceededError) return new AppendTooLarge(sizeBytes, error.maxAppendSize);
  if (error instanceof AccessDeniedError) return storeUnavailable('the event store refuses access', error);
  // No part of this system deletes the stream of an order: a person has to look.
  if (error instanceof StreamDeletedError) {
    return new StreamDeleted(`${stream} was deleted for good`, { cause: error });
  }
  return new AppendOutcomeUnknown(`the outcome of the append to ${stream} is unknown: ${messageOf(error)}`, {
    cause: error,
  });
}

/** Whether `Streams.Read` failed because the stream is deleted: the trailer `exception` names the error. */
export function isStreamDeleted(error: unknown): boolean {
  return exceptionOf(error) === 'stream-deleted';
}

/** Whether `Streams.Read` failed because another member leads the cluster. */
export function isNotLeader(error: unknown): boolean {
  return exceptionOf(error) === 'not-leader';
}

function exceptionOf(error: unknown): string | undefined {
  const [exception] = (error as Partial<ServiceError>).metadata?.get('exception') ?? [];
  return exception?.toString();
}

export function storeUnavailable(what: string, cause: unknown): StoreUnavailable {
  return new StoreUnavailable(`${what}: ${messageOf(cause)}`, { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
