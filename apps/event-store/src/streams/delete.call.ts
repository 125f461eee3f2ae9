import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import type {
  DeleteReq,
  DeleteResp,
  TombstoneReq,
  TombstoneResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import { isMetastream } from '../rules/stream-state.js';
import type { WriteOutcome } from '../storage/pending-write.js';
import { checkStreamName, InvalidRequest, type ExpectedRevision } from '../wire/append-requests.js';
import {
  accessDenied,
  deadlineExceeded,
  invalidArgument,
  streamDeleted,
  unavailable,
  wrongExpectedVersion,
} from '../wire/errors.js';
import { streams } from '../wire/generated.js';
import { deadlineOf } from './call-deadline.js';
import type { Store } from './store.js';

type Options = DeleteReq.Options | TombstoneReq.Options;

/** Hides the events of a stream. The stream can be written to again, and its revisions continue. */
export function deleteCall(
  store: Store,
  call: ServerUnaryCall<DeleteReq, DeleteResp>,
  reply: sendUnaryData<DeleteResp>,
): void {
  erase(store, 'delete', call, reply, (position) => {
    const place = new streams.DeleteResp.Position();
    place.setCommitPosition(String(position)).setPreparePosition(String(position));
    return new streams.DeleteResp().setPosition(place);
  });
}

/** Ends a stream for good. */
export function tombstoneCall(
  store: Store,
  call: ServerUnaryCall<TombstoneReq, TombstoneResp>,
  reply: sendUnaryData<TombstoneResp>,
): void {
  erase(store, 'tombstone', call, reply, (position) => {
    const place = new streams.TombstoneResp.Position();
    place.setCommitPosition(String(position)).setPreparePosition(String(position));
    return new streams.TombstoneResp().setPosition(place);
  });
}

function erase<Response>(
  store: Store,
  kind: 'delete' | 'tombstone',
  call: ServerUnaryCall<{ getOptions(): Options | undefined }, Response>,
  reply: sendUnaryData<Response>,
  respond: (position: number | null) => Response,
): void {
  const options = call.request.getOptions();
  const stream = Buffer.from(options?.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString('utf8');
  let expected: ExpectedRevision;
  try {
    checkStreamName(stream);
    expected = expectedOf(options);
  } catch (error) {
    if (error instanceof InvalidRequest) return reply(invalidArgument(error.message));
    throw error;
  }
  if (stream === '$all' || isMetastream(stream)) return reply(accessDenied());
  const done = (outcome: WriteOutcome) => {
    switch (outcome.kind) {
      case 'written':
        return reply(null, respond(outcome.position));
      case 'wrong-expected-revision':
        return reply(wrongExpectedVersion(stream, expectedNumber(expected), outcome.current));
      case 'stream-deleted':
        return reply(streamDeleted(stream));
      case 'deadline-exceeded':
        return reply(deadlineExceeded());
      case 'unavailable':
        return reply(unavailable());
    }
  };
  const deadlineMs = deadlineOf(call);
  store.writer.submit({ call, kind, stream, expected, events: [], bytes: 0, deadlineMs, done });
}

function expectedOf(options: Options | undefined): ExpectedRevision {
  if (options?.hasAny()) return 'any';
  if (options?.hasNoStream()) return 'no_stream';
  if (options?.hasStreamExists()) return 'stream_exists';
  if (options?.hasRevision()) return Math.min(Number(options.getRevision()), Number.MAX_SAFE_INTEGER - 1);
  throw new InvalidRequest('the expected revision is missing');
}

// EventStoreDB's number for each kind of expectation: the client reads a number from this trailer.
function expectedNumber(expected: ExpectedRevision): string {
  if (expected === 'no_stream') return '-1';
  if (expected === 'any') return '-2';
  if (expected === 'stream_exists') return '-4';
  return String(expected);
}
