import type { RawEvent, StoredExactEvent } from '../port.js';
import { JSON_TYPE } from '../wire-event.js';
import { MalformedMessage, ProtobufReader } from './protobuf-reader.js';
import { readMapEntry, readStreamIdentifier, readUuid } from './shared-messages.js';

/** The content type where the server gives none. */
const BYTES_TYPE = 'application/octet-stream';

/** `ReadResp.ReadEvent.RecordedEvent` of EventStoreDB's `streams.proto`: bytes are slices of the message. */
export function readRecordedEvent(reader: ProtobufReader): StoredExactEvent {
  let [eventId, stream, type, contentType] = ['', '', '', BYTES_TYPE];
  let [revision, position] = [0, 0n];
  let [data, metadata] = [NO_BYTES, NO_BYTES];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) eventId = readUuid(reader.message());
    else if (field === 2) stream = readStreamIdentifier(reader.message());
    else if (field === 3) revision = reader.varint();
    else if (field === 5) position = reader.uint64();
    else if (field === 6) {
      const [key, value] = readMapEntry(reader.message());
      if (key === 'type') type = value;
      else if (key === 'content-type') contentType = value;
    } else if (field === 7) metadata = reader.bytes();
    else if (field === 8) data = reader.bytes();
    else reader.skip();
  }
  if (eventId === '' || stream === '') throw new MalformedMessage('an event lacks its stream or its id');
  return { eventId, stream, revision, position, type, contentType, data, metadata };
}

const NO_BYTES: Buffer = Buffer.alloc(0);

/** The event with its data and metadata parsed where they are JSON. Other content stays bytes. */
export function rawEventOf(event: StoredExactEvent): RawEvent {
  const { eventId, stream, revision, position, type, contentType, data, metadata } = event;
  return {
    eventId,
    stream,
    revision,
    position,
    type,
    data: contentType === JSON_TYPE ? parsedOrAsItIs(data) : data,
    metadata: parsedOrAsItIs(metadata),
    sizeBytes: data.length + metadata.length,
  };
}

function parsedOrAsItIs(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
  } catch {
    return bytes;
  }
}
