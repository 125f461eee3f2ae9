import type { RawEvent, StoredExactEvent } from '#event-store/port.js';

// An event: its length, position, revision, the lengths of type and metadata, its id; then type, metadata and data.
const POSITION_AT = 4;
const REVISION_AT = 12;
const TYPE_LENGTH_AT = 16;
const METADATA_LENGTH_AT = 20;
const ID_AT = 24;
const ID_BYTES = 36;
const HEADER_BYTES = ID_AT + ID_BYTES;
const FIRST_BYTES = 4_096;

/**
 * Events of one stream in one piece of memory outside the heap, as they came: thousands of orders wait for their next
 * event, and as objects they would be looked at again and again by the garbage collector.
 */
export class PackedEvents {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;

  /** What it takes, filled or not. */
  get sizeBytes(): number {
    return this.#bytes.length;
  }

  push({
    position,
    revision,
    eventId,
    type,
    metadata,
    data,
  }: Omit<StoredExactEvent, 'stream' | 'contentType'>): void {
    const typeLength = Buffer.byteLength(type);
    const size = HEADER_BYTES + typeLength + metadata.length + data.length;
    this.#reserve(size);
    const [bytes, at] = [this.#bytes, this.#length];
    bytes.writeUInt32LE(size, at);
    bytes.writeBigInt64LE(position, at + POSITION_AT);
    bytes.writeUInt32LE(revision, at + REVISION_AT);
    bytes.writeUInt32LE(typeLength, at + TYPE_LENGTH_AT);
    bytes.writeUInt32LE(metadata.length, at + METADATA_LENGTH_AT);
    bytes.write(eventId, at + ID_AT, ID_BYTES, 'latin1');
    bytes.write(type, at + HEADER_BYTES, 'utf8');
    bytes.set(metadata, at + HEADER_BYTES + typeLength);
    bytes.set(data, at + HEADER_BYTES + typeLength + metadata.length);
    this.#length = at + size;
  }

  /** To be read by `unpack`; nothing may be pushed any more. */
  toBytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, Math.ceil(this.#bytes.length * 1.5)));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** The events, in their order; what is no JSON is undefined, which no codec reads. */
export function unpack(stream: string, packed: Uint8Array): RawEvent[] {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const events: RawEvent[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32LE(at)) {
    const typeAt = at + HEADER_BYTES;
    const metadataAt = typeAt + bytes.readUInt32LE(at + TYPE_LENGTH_AT);
    const dataAt = metadataAt + bytes.readUInt32LE(at + METADATA_LENGTH_AT);
    events.push({
      stream,
      position: bytes.readBigInt64LE(at + POSITION_AT),
      revision: bytes.readUInt32LE(at + REVISION_AT),
      eventId: bytes.toString('latin1', at + ID_AT, typeAt),
      type: bytes.toString('utf8', typeAt, metadataAt),
      metadata: jsonOf(bytes.toString('utf8', metadataAt, dataAt)),
      data: jsonOf(bytes.toString('utf8', dataAt, at + bytes.readUInt32LE(at))),
    });
  }
  return events;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the codec says what is wrong with it
  }
}
