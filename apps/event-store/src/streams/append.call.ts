import type { sendUnaryData, ServerReadableStream } from '@grpc/grpc-js';
import type { WriteOutcome } from '../storage/pending-write.js';
import type { AppendChunk, AppendOptions, ExpectedRevision, ProposedEvent } from '../wire/append-requests.js';
import {
  accessDenied,
  APPEND_MAX_BYTES,
  appendTooLarge,
  deadlineExceeded,
  invalidArgument,
  streamDeleted,
  unavailable,
} from '../wire/errors.js';
import { Empty, streams } from '../wire/generated.js';
import { eventBytes } from './append-size.js';
import { deadlineOf } from './call-deadline.js';
import type { Store } from './store.js';

type AppendResponse = InstanceType<typeof streams.AppendResp>;

/** A plain append: one call, used by clients that authenticate each call. */
export function appendCall(
  store: Store,
  call: ServerReadableStream<AppendChunk, AppendResponse>,
  reply: sendUnaryData<AppendResponse>,
): void {
  let options: AppendOptions | null = null;
  let invalid: string | null = null;
  const events: ProposedEvent[] = [];
  let bytes = 0;
  // The rest of the append stays with its client until the queue has room.
  const holdBack = () => {
    if (!store.writer.isFull) return;
    call.pause();
    store.writer.onceDrained(() => call.resume());
  };
  holdBack();
  call.on('data', (chunk: AppendChunk) => {
    if ('invalid' in chunk) invalid ??= chunk.invalid;
    else if ('options' in chunk) options = chunk.options;
    else {
      bytes += eventBytes(chunk.event);
      if (bytes <= APPEND_MAX_BYTES) events.push(chunk.event);
    }
    holdBack();
  });
  const submit = () => {
    if (invalid !== null) return reply(invalidArgument(invalid));
    if (!options) return reply(invalidArgument('the options are missing'));
    const { stream, expected } = options;
    if (stream === '$all') return reply(accessDenied());
    if (bytes > APPEND_MAX_BYTES) return reply(appendTooLarge());
    const done = (outcome: WriteOutcome) => answer(stream, expected, outcome, reply);
    const deadlineMs = deadlineOf(call);
    store.writer.submit({ ...options, call, kind: 'append', events, bytes, deadlineMs, done });
  };
  // A call that is cut off ends here, too, and is known to be cancelled a moment later: what came of it is not all.
  call.on('end', () => setImmediate(() => call.cancelled || submit()));
}

function answer(
  stream: string,
  expected: ExpectedRevision,
  outcome: WriteOutcome,
  reply: sendUnaryData<AppendResponse>,
): void {
  switch (outcome.kind) {
    case 'written':
      return reply(null, written(outcome.revision, outcome.position));
    case 'wrong-expected-revision':
      return reply(null, wrongExpected(expected, outcome.current));
    case 'stream-deleted':
      return reply(streamDeleted(stream));
    case 'deadline-exceeded':
      return reply(deadlineExceeded());
    case 'unavailable':
      return reply(unavailable());
  }
}

function written(revision: number, position: number | null): AppendResponse {
  const success = new streams.AppendResp.Success();
  if (revision < 0) success.setNoStream(new Empty());
  else success.setCurrentRevision(String(revision));
  if (position === null) success.setNoPosition(new Empty());
  else {
    const place = new streams.AppendResp.Position();
    success.setPosition(place.setCommitPosition(String(position)).setPreparePosition(String(position)));
  }
  return new streams.AppendResp().setSuccess(success);
}

function wrongExpected(expected: ExpectedRevision, current: number): AppendResponse {
  const detail = new streams.AppendResp.WrongExpectedVersion();
  if (current < 0) detail.setCurrentNoStream(new Empty());
  else detail.setCurrentRevision(String(current));
  if (expected === 'any') detail.setExpectedAny(new Empty());
  else if (expected === 'stream_exists') detail.setExpectedStreamExists(new Empty());
  else if (expected === 'no_stream') detail.setExpectedNoStream(new Empty());
  else detail.setExpectedRevision(String(expected));
  return new streams.AppendResp().setWrongExpectedVersion(detail);
}
