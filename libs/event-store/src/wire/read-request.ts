/**
 * Requests to read and to subscribe, made with the classes that the client package generated from EventStoreDB's
 * `streams.proto`. They are CommonJS, so the modules come whole as their default.
 */
import sharedModule from '@eventstore/db-client/generated/shared_pb.js';
import streamsModule from '@eventstore/db-client/generated/streams_pb.js';
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';

const { Empty, StreamIdentifier } = sharedModule;
const { Options } = streamsModule.ReadReq;

/** How many events the server may pass over before it sends a checkpoint. */
const CHECKPOINT_EVERY_EVENTS = 256;

/** A read of one stream, forwards. `maxCount` undefined: to the end of the stream. */
export function streamRequest(
  stream: string,
  fromRevision: number,
  maxCount = Number.MAX_SAFE_INTEGER,
): ReadReq {
  const identifier = new StreamIdentifier();
  identifier.setStreamName(Buffer.from(stream));
  const of = new Options.StreamOptions();
  of.setStreamIdentifier(identifier);
  of.setRevision(String(fromRevision));
  return request((options) => {
    options.setStream(of);
    options.setCount(String(maxCount));
    options.setNoFilter(new Empty());
  });
}

/** A read of the last event of `$all`. */
export function headRequest(): ReadReq {
  const all = new Options.AllOptions();
  all.setEnd(new Empty());
  return request((options) => {
    options.setAll(all);
    options.setReadDirection(Options.ReadDirection.BACKWARDS);
    options.setCount('1');
    options.setNoFilter(new Empty());
  });
}

/** A subscription to the streams with a prefix, from just after a position (null: the start). */
export function subscriptionRequest(after: bigint | null, streamPrefix: string): ReadReq {
  const all = new Options.AllOptions();
  if (after === null) all.setStart(new Empty());
  else {
    const position = new Options.Position();
    position.setCommitPosition(String(after));
    position.setPreparePosition(String(after));
    all.setPosition(position);
  }
  const expression = new Options.FilterOptions.Expression();
  expression.setPrefixList([streamPrefix]);
  const filter = new Options.FilterOptions();
  filter.setStreamIdentifier(expression);
  filter.setMax(CHECKPOINT_EVERY_EVENTS);
  filter.setCheckpointintervalmultiplier(1);
  return request((options) => {
    options.setAll(all);
    options.setSubscription(new Options.SubscriptionOptions());
    options.setFilter(filter);
  });
}

/** A request for event ids as text and for links that are not resolved. */
function request(describe: (options: ReadReq.Options) => void): ReadReq {
  const ids = new Options.UUIDOption();
  ids.setString(new Empty());
  const options = new Options();
  options.setUuidOption(ids);
  describe(options);
  const read = new streamsModule.ReadReq();
  read.setOptions(options);
  return read;
}
