import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { filterFrom, type EventFilter } from './event-filter.js';
import { checkStreamName, InvalidRequest } from './append-requests.js';
import { streams } from './generated.js';

export type Direction = 'forwards' | 'backwards';

/** A revision or position, or one of the two ends. */
export type Start = number | 'start' | 'end';

/** Events considered between two checkpoints, unless the request says otherwise: EventStoreDB's default. */
const DEFAULT_SEARCH_WINDOW_EVENTS = 32;

export interface ReadRequest {
  /** Null: `$all`. */
  stream: string | null;
  from: Start;
  direction: Direction;
  /** How many events at most; null: a subscription. */
  maxCount: number | null;
  filter: EventFilter | null;
  /** Events considered between two checkpoints of a filtered subscription. */
  checkpointIntervalEvents: number;
}

/** @throws InvalidRequest */
export function parseReadRequest(request: ReadReq): ReadRequest {
  const options = request.getOptions();
  if (!options) throw new InvalidRequest('the options are missing');
  const subscription = options.hasSubscription();
  if (!subscription && !options.hasCount())
    throw new InvalidRequest('the request has neither a count nor a subscription');
  if (options.getUuidOption()?.hasStructured()) {
    throw new InvalidRequest('this server gives event ids as text: ask with the UUID option `string`');
  }
  const direction =
    options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS ? 'backwards' : 'forwards';
  if (subscription && direction === 'backwards') {
    throw new InvalidRequest('a subscription can only go forwards');
  }
  const stream = streamOf(options);
  const filterOptions = options.getFilter();
  if (filterOptions && stream !== null) throw new InvalidRequest('only $all can be filtered');
  const window = filterOptions?.hasMax() ? filterOptions.getMax() : DEFAULT_SEARCH_WINDOW_EVENTS;
  return {
    stream,
    from: startOf(options),
    direction,
    maxCount: subscription ? null : uint64(options.getCount()),
    filter: filterOptions ? filterFrom(filterOptions) : null,
    checkpointIntervalEvents: Math.max(1, window * (filterOptions?.getCheckpointintervalmultiplier() ?? 1)),
  };
}

function streamOf(options: ReadReq.Options): string | null {
  const streamOptions = options.getStream();
  if (!streamOptions) {
    if (!options.hasAll()) throw new InvalidRequest('the request names neither a stream nor $all');
    return null;
  }
  const name = Buffer.from(streamOptions.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString('utf8');
  checkStreamName(name);
  return name;
}

function startOf(options: ReadReq.Options): Start {
  const from = options.getStream() ?? options.getAll();
  if (!from) throw new InvalidRequest('the request names neither a stream nor $all');
  if (from.hasStart()) return 'start';
  if (from.hasEnd()) return 'end';
  if ('getRevision' in from) return uint64(from.getRevision());
  const position = from.getPosition();
  if (!position) throw new InvalidRequest('the position is missing');
  const commit = uint64(position.getCommitPosition());
  if (commit < uint64(position.getPreparePosition())) {
    throw new InvalidRequest('the commit position is before the prepare position');
  }
  return commit;
}

// No event lies past 2^53, so a larger number need not be exact.
function uint64(text: string): number {
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER);
}
