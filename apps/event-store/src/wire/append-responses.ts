import { status } from '@grpc/grpc-js';
import type { ExpectedRevision } from './append-requests.js';
import { APPEND_MAX_BYTES } from './errors.js';
import { allocateFrame, FRAME_PREFIX_BYTES, frameOf } from './frames.js';
import { Any, Empty, shared, Status, streams } from './generated.js';
import { fieldSize, ProtobufWriter, varintSize } from './protobuf-writer.js';

/** The answer to a batch append that was written: revision and position of its last event. */
export function encodeBatchAppendSuccess(
  correlationId: string,
  stream: string,
  revision: number,
  position: number | null,
): Buffer {
  const idBytes = Buffer.byteLength(correlationId);
  const streamBytes = Buffer.byteLength(stream);
  const positionMessage = position === null ? 0 : 2 * (1 + varintSize(position));
  const success =
    (revision < 0 ? 2 : 1 + varintSize(revision)) + (position === null ? 2 : fieldSize(positionMessage));
  const total = fieldSize(fieldSize(idBytes)) + fieldSize(success) + fieldSize(fieldSize(streamBytes));
  const frame = allocateFrame(total);
  const writer = new ProtobufWriter(frame, FRAME_PREFIX_BYTES);
  writer.open(1, fieldSize(idBytes));
  writer.textField(2, correlationId, idBytes);
  writer.open(3, success);
  if (revision < 0) writer.open(2, 0);
  else writer.varintField(1, revision);
  if (position === null) writer.open(4, 0);
  else {
    writer.open(3, positionMessage);
    writer.varintField(1, position);
    writer.varintField(2, position);
  }
  writer.open(4, fieldSize(streamBytes));
  writer.textField(3, stream, streamBytes);
  return frame;
}

export type BatchAppendFailure =
  | { kind: 'wrong-expected-revision'; expected: ExpectedRevision; current: number }
  | { kind: 'stream-deleted' }
  | { kind: 'too-large' }
  | { kind: 'deadline-exceeded' }
  | { kind: 'access-denied' }
  | { kind: 'invalid'; message: string };

/** The answer to a batch append that was refused: a `google.rpc.Status` whose detail the client reads. */
export function encodeBatchAppendFailure(
  correlationId: string,
  stream: string,
  failure: BatchAppendFailure,
): Buffer {
  const response = new streams.BatchAppendResp();
  response.setCorrelationId(new shared.UUID().setString(correlationId));
  response.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stream)));
  response.setError(statusOf(failure, stream));
  return frameOf(response.serializeBinary());
}

function statusOf(failure: BatchAppendFailure, stream: string) {
  switch (failure.kind) {
    case 'wrong-expected-revision':
      return packed(status.UNKNOWN, 'WrongExpectedVersion', wrongExpected(failure), 'WrongExpectedVersion');
    case 'stream-deleted': {
      const identifier = new shared.StreamIdentifier().setStreamName(Buffer.from(stream));
      const detail = new shared.StreamDeleted().setStreamIdentifier(identifier);
      return packed(status.UNKNOWN, 'StreamDeleted', detail, 'StreamDeleted');
    }
    case 'too-large': {
      const detail = new shared.MaximumAppendSizeExceeded().setMaxappendsize(APPEND_MAX_BYTES);
      return packed(
        status.INVALID_ARGUMENT,
        'MaximumAppendSizeExceeded',
        detail,
        'MaximumAppendSizeExceeded',
      );
    }
    case 'deadline-exceeded':
      return packed(status.DEADLINE_EXCEEDED, 'Timeout', new shared.Timeout(), 'Timeout');
    case 'access-denied':
      return packed(status.PERMISSION_DENIED, 'AccessDenied', new shared.AccessDenied(), 'AccessDenied');
    case 'invalid': {
      const detail = new shared.BadRequest().setMessage(failure.message);
      return packed(status.INVALID_ARGUMENT, failure.message, detail, 'BadRequest');
    }
  }
}

function wrongExpected(failure: { expected: ExpectedRevision; current: number }) {
  const detail = new shared.WrongExpectedVersion();
  if (failure.current < 0) detail.setCurrentNoStream(new Empty());
  else detail.setCurrentStreamRevision(String(failure.current));
  if (failure.expected === 'any') detail.setExpectedAny(new Empty());
  else if (failure.expected === 'stream_exists') detail.setExpectedStreamExists(new Empty());
  else if (failure.expected === 'no_stream') detail.setExpectedNoStream(new Empty());
  else detail.setExpectedStreamPosition(String(failure.expected));
  return detail;
}

function packed(code: status, message: string, detail: { serializeBinary(): Uint8Array }, name: string) {
  const any = new Any();
  any.pack(detail.serializeBinary(), `event_store.client.${name}`);
  const result = new Status();
  result.setCode(code as number);
  result.setMessage(message);
  result.setDetails(any);
  return result;
}
