import { allocateFrame, FRAME_PREFIX_BYTES } from './frames.js';
import { fieldSize, ProtobufWriter, varintSize, type Slice } from './protobuf-writer.js';

/** Bytes, or their hexadecimal digits, as PostgreSQL returns them in text format. */
export type Payload = Uint8Array | string | Slice;

export interface EventToEncode {
  position: number;
  stream: string | Slice;
  revision: number;
  /** A UUID as text, lower case with dashes, or as its 16 bytes. */
  id: string | Slice;
  type: string | Slice;
  isJson: boolean;
  data: Payload;
  metadata: Payload;
  createdMs: number;
}

/**
 * The revision of a `$streamDeleted` event. On the wire it is 2^63 - 1, as in EventStoreDB; in this server it is
 * JavaScript's largest safe integer.
 */
export const TOMBSTONE_REVISION = Number.MAX_SAFE_INTEGER;
const TOMBSTONE_VARINT = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);

const ID_BYTES = 36;
const TYPE_KEY = Buffer.from('type');
const CREATED_KEY = Buffer.from('created');
const CONTENT_TYPE_ENTRIES = {
  json: mapEntry('content-type', 'application/json'),
  binary: mapEntry('content-type', 'application/octet-stream'),
};

/** Allocates frames. By default each frame has a buffer of its own. */
interface FrameRoom {
  allocate(messageBytes: number): Buffer;
}

/** The frame of a `ReadResp` with the event. It is encoded once and sent to every reader and subscriber. */
export function encodeReadFrame(event: EventToEncode, room: FrameRoom = { allocate: allocateFrame }): Buffer {
  const streamBytes = textBytes(event.stream);
  const typeBytes = textBytes(event.type);
  // .NET counts in ticks of 100 ns.
  const created = `${event.createdMs}0000`;
  const contentType = event.isJson ? CONTENT_TYPE_ENTRIES.json : CONTENT_TYPE_ENTRIES.binary;
  const positionBytes = varintSize(event.position);
  const revisionBytes = event.revision === TOMBSTONE_REVISION ? 9 : varintSize(event.revision);
  const idField = fieldSize(ID_BYTES);
  const nameField = fieldSize(streamBytes);
  const typeEntry = fieldSize(TYPE_KEY.length) + fieldSize(typeBytes);
  const createdEntry = fieldSize(CREATED_KEY.length) + fieldSize(created.length);
  const recorded =
    fieldSize(idField) +
    fieldSize(nameField) +
    (1 + revisionBytes) +
    2 * (1 + positionBytes) +
    fieldSize(typeEntry) +
    fieldSize(createdEntry) +
    contentType.length +
    fieldSize(payloadBytes(event.metadata)) +
    fieldSize(payloadBytes(event.data));
  const readEvent = fieldSize(recorded) + 1 + positionBytes;
  const frame = room.allocate(fieldSize(readEvent));

  const writer = new ProtobufWriter(frame, FRAME_PREFIX_BYTES);
  writer.open(1, readEvent);
  writer.open(1, recorded);
  writer.open(1, idField);
  if (typeof event.id === 'string') writer.textField(2, event.id, ID_BYTES);
  else writer.uuidField(2, event.id);
  writer.open(2, nameField);
  writeText(writer, 3, event.stream, streamBytes);
  writeRevision(writer, event.revision);
  writer.varintField(4, event.position);
  writer.varintField(5, event.position);
  writer.open(6, typeEntry);
  writer.bytesField(1, TYPE_KEY);
  writeText(writer, 2, event.type, typeBytes);
  writer.open(6, createdEntry);
  writer.bytesField(1, CREATED_KEY);
  writer.textField(2, created, created.length);
  writer.raw(contentType);
  writePayload(writer, 7, event.metadata);
  writePayload(writer, 8, event.data);
  writer.varintField(3, event.position);
  return frame;
}

function writeRevision(writer: ProtobufWriter, revision: number): void {
  if (revision !== TOMBSTONE_REVISION) {
    writer.varintField(3, revision);
    return;
  }
  writer.raw(Buffer.from([3 << 3]));
  writer.raw(TOMBSTONE_VARINT);
}

function textBytes(text: string | Slice): number {
  return typeof text === 'string' ? Buffer.byteLength(text) : text.length;
}

function writeText(writer: ProtobufWriter, field: number, text: string | Slice, length: number): void {
  if (typeof text === 'string') writer.textField(field, text, length);
  else writer.sliceField(field, text);
}

function payloadBytes(payload: Payload): number {
  return typeof payload === 'string' ? payload.length / 2 : payload.length;
}

function writePayload(writer: ProtobufWriter, field: number, payload: Payload): void {
  if (typeof payload === 'string') writer.hexField(field, payload);
  else if (payload instanceof Uint8Array) writer.bytesField(field, payload);
  else writer.sliceField(field, payload);
}

function mapEntry(key: string, value: string): Buffer {
  const entry = fieldSize(key.length) + fieldSize(value.length);
  const writer = new ProtobufWriter(Buffer.alloc(fieldSize(entry)));
  writer.open(6, entry);
  writer.textField(1, key, key.length);
  writer.textField(2, value, value.length);
  return writer.buffer;
}
