import type { StoredExactEvent } from '../port.js';
import { MalformedMessage, ProtobufReader } from './protobuf-reader.js';
import { readRecordedEvent } from './recorded-event.js';

/** What a server sends to a reader or subscriber, as far as this library uses it. */
export type ReadResponse<Event> =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'checkpoint'; readonly position: bigint }
  | { readonly kind: 'caught_up' }
  /** Confirmations, ends of streams, a stream that does not exist, and what later servers may add. */
  | { readonly kind: 'other' };

const CAUGHT_UP = { kind: 'caught_up' } as const;
const OTHER = { kind: 'other' } as const;

/** `ReadResp` of EventStoreDB's `streams.proto`. @throws MalformedMessage */
export function decodeReadResponse<Event>(
  message: Buffer,
  convert: (event: StoredExactEvent) => Event,
): ReadResponse<Event> {
  const reader = new ProtobufReader(message);
  let response: ReadResponse<Event> = OTHER;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) response = { kind: 'event', event: convert(readReadEvent(reader.message())) };
    else if (field === 3) response = { kind: 'checkpoint', position: readCheckpoint(reader.message()) };
    else {
      if (field === 8) response = CAUGHT_UP;
      reader.skip();
    }
  }
  return response;
}

/** Links are never resolved, so the event is always in field 1. */
function readReadEvent(reader: ProtobufReader): StoredExactEvent {
  let event: StoredExactEvent | null = null;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) event = readRecordedEvent(reader.message());
    else reader.skip();
  }
  if (event === null)
    throw new MalformedMessage('the answer holds no event: it is a link, or the event is gone');
  return event;
}

function readCheckpoint(reader: ProtobufReader): bigint {
  let position = 0n;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) position = reader.uint64();
    else reader.skip();
  }
  return position;
}
