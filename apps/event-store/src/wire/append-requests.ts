import { MalformedMessage, ProtobufReader } from '#event-store/wire/protobuf-reader.js';
import { isUuid, readMapEntry, readStreamIdentifier, readUuid } from '#event-store/wire/shared-messages.js';

/** What the stream must look like for an append to be accepted; a number is its last revision. */
export type ExpectedRevision = number | 'any' | 'no_stream' | 'stream_exists';

export interface ProposedEvent {
  /** Lower case, with dashes. */
  id: string;
  type: string;
  isJson: boolean;
  data: Buffer;
  metadata: Buffer;
}

/** A field of the request that cannot be used; the message says which. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest';
}

export interface AppendOptions {
  stream: string;
  expected: ExpectedRevision;
  /** When the client stops waiting, in ms since 1970; null: the client gave no deadline. */
  deadlineMs: number | null;
}

/** One message of a batch append call. An append may span several messages; the last one has `isFinal`. */
export interface BatchAppendChunk {
  correlationId: string;
  options: AppendOptions | null;
  events: ProposedEvent[];
  isFinal: boolean;
  /** Why the chunk cannot be used; null: it can be. Only this append is refused, not the others of the call. */
  invalid: string | null;
}

/** One message of a plain append: the first has the options, each further one an event. */
export type AppendChunk = { options: AppendOptions } | { event: ProposedEvent } | { invalid: string };

export function decodeBatchAppendRequest(bytes: Buffer): BatchAppendChunk {
  const chunk: BatchAppendChunk = {
    correlationId: '',
    options: null,
    events: [],
    isFinal: false,
    invalid: null,
  };
  const reader = new ProtobufReader(bytes);
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) chunk.correlationId = readUuid(reader.message());
    else if (field === 2) chunk.options = collectInvalid(chunk, () => readOptions(reader.message()));
    else if (field === 3) {
      const event = collectInvalid(chunk, () => readProposedEvent(reader.message()));
      if (event) chunk.events.push(event);
    } else if (field === 4) chunk.isFinal = reader.varint() !== 0;
    else reader.skip();
  }
  return chunk;
}

export function decodeAppendRequest(bytes: Buffer): AppendChunk {
  const reader = new ProtobufReader(bytes);
  try {
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === 1) return { options: readOptions(reader.message()) };
      if (field === 2) return { event: readProposedEvent(reader.message()) };
      reader.skip();
    }
  } catch (error) {
    if (error instanceof InvalidRequest) return { invalid: error.message };
    throw error;
  }
  throw new MalformedMessage('an append message holds neither options nor an event');
}

function collectInvalid<T>(chunk: BatchAppendChunk, read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InvalidRequest)) throw error;
    chunk.invalid ??= error.message;
    return null;
  }
}

function readOptions(reader: ProtobufReader): AppendOptions {
  let stream = '';
  let expected: ExpectedRevision | null = null;
  let deadlineMs: number | null = null;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) stream = readStreamIdentifier(reader.message());
    else if (field === 2) expected = reader.varint();
    else if (field === 6) deadlineMs = readTimestamp(reader.message());
    else if (field === 3 || field === 4 || field === 5) {
      expected = field === 3 ? 'no_stream' : field === 4 ? 'any' : 'stream_exists';
      reader.skip();
    } else reader.skip();
  }
  checkStreamName(stream);
  if (expected === null) throw new InvalidRequest('the expected revision is missing');
  return { stream, expected, deadlineMs };
}

/** @throws InvalidRequest for a name that is empty or that PostgreSQL cannot hold. */
export function checkStreamName(stream: string): void {
  if (stream === '' || stream === '$$') throw new InvalidRequest('the stream name is empty');
  if (stream.includes('\0')) throw new InvalidRequest('the stream name holds a NUL character');
  // A B-tree entry of PostgreSQL is at most a third of a page.
  if (stream.length > 600) throw new InvalidRequest('the stream name is longer than 600 characters');
}

function readTimestamp(reader: ProtobufReader): number {
  let seconds = 0;
  let nanos = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) seconds = reader.varint();
    else if (field === 2) nanos = reader.varint();
    else reader.skip();
  }
  return seconds * 1_000 + nanos / 1_000_000;
}

const EMPTY = Buffer.alloc(0);

function readProposedEvent(reader: ProtobufReader): ProposedEvent {
  let id = '';
  let type: string | null = null;
  let contentType: string | null = null;
  let data: Buffer = EMPTY;
  let metadata: Buffer = EMPTY;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) id = readUuid(reader.message());
    else if (field === 2) {
      const [key, value] = readMapEntry(reader.message());
      if (key === 'type') type = value;
      else if (key === 'content-type') contentType = value;
    } else if (field === 3) metadata = reader.bytes();
    else if (field === 4) data = reader.bytes();
    else reader.skip();
  }
  if (!isUuid(id)) throw new InvalidRequest(`the event id ${JSON.stringify(id.slice(0, 60))} is not a UUID`);
  if (!type || contentType === null) throw new InvalidRequest('an event needs a type and a content-type');
  if (type.includes('\0')) throw new InvalidRequest('an event type holds a NUL character');
  return { id: id.toLowerCase(), type, isJson: contentType === 'application/json', data, metadata };
}
