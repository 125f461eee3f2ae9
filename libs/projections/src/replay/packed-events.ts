import type { RawEvent, StoredExactEvent } from '#event-store/port.js';
import { JSON_TYPE } from '#event-store/wire-event.js';
import { BLOCK_BYTES, type BlockMemory } from './block-memory.js';

// Layout of an event: its length, position, revision, the lengths of type and metadata, whether its data is said to be
// JSON, its id; then type, metadata and data.
const POSITION_AT = 4;
const REVISION_AT = 12;
const TYPE_LENGTH_AT = 16;
const METADATA_LENGTH_AT = 20;
const IS_JSON_AT = 24;
const ID_AT = 25;
const ID_BYTES = 36;
const HEADER_BYTES = ID_AT + ID_BYTES;
const FIRST_BYTES = 65_536;

/** Each event is put together here first: it may span several blocks. */
let scratch = Buffer.allocUnsafeSlow(FIRST_BYTES);

/**
 * Events of one stream, not decoded, in memory outside the heap. Thousands of orders wait for their next event; as
 * objects, their events would be visited by the garbage collector again and again.
 */
export class PackedEvents {
  readonly #memory: BlockMemory;
  readonly #blocks: number[] = [];
  #length = 0;

  constructor(memory: BlockMemory) {
    this.#memory = memory;
  }

  /** The memory that is taken, filled or not. */
  get sizeBytes(): number {
    return this.#blocks.length * BLOCK_BYTES;
  }

  /** @param revision the one to keep, in place of the event's own */
  push(event: StoredExactEvent, revision = event.revision): void {
    const size = encode(event, revision);
    for (let done = 0; done < size;) {
      const at = this.#length % BLOCK_BYTES;
      if (at === 0) this.#blocks.push(this.#memory.take());
      const count = this.#memory.write(this.#blocks.at(-1)!, at, scratch, done, size);
      done += count;
      this.#length += count;
    }
  }

  /**
   * Takes the events out, in their order. Content that is no JSON, or is not said to be JSON, becomes undefined, which
   * no codec reads.
   */
  takeAll(stream: string): RawEvent[] {
    const bytes = this.#memory.gather(this.#blocks, this.#length);
    const events: RawEvent[] = [];
    for (let at = 0; at < bytes.length; at += bytes.readUInt32LE(at)) events.push(decode(stream, bytes, at));
    this.#memory.giveBack(this.#blocks.splice(0));
    this.#length = 0;
    return events;
  }
}

/** Encodes into `scratch`. @returns the number of bytes */
function encode(
  { position, eventId, type, contentType, metadata, data }: StoredExactEvent,
  revision: number,
): number {
  const typeLength = Buffer.byteLength(type);
  const size = HEADER_BYTES + typeLength + metadata.length + data.length;
  if (scratch.length < size) scratch = Buffer.allocUnsafeSlow(2 * size);
  scratch.writeUInt32LE(size, 0);
  scratch.writeBigInt64LE(position, POSITION_AT);
  scratch.writeUInt32LE(revision, REVISION_AT);
  scratch.writeUInt32LE(typeLength, TYPE_LENGTH_AT);
  scratch.writeUInt32LE(metadata.length, METADATA_LENGTH_AT);
  scratch.writeUInt8(contentType === JSON_TYPE ? 1 : 0, IS_JSON_AT);
  scratch.write(eventId, ID_AT, ID_BYTES, 'latin1');
  scratch.write(type, HEADER_BYTES, 'utf8');
  scratch.set(metadata, HEADER_BYTES + typeLength);
  scratch.set(data, HEADER_BYTES + typeLength + metadata.length);
  return size;
}

function decode(stream: string, bytes: Buffer, at: number): RawEvent {
  const typeAt = at + HEADER_BYTES;
  const metadataAt = typeAt + bytes.readUInt32LE(at + TYPE_LENGTH_AT);
  const dataAt = metadataAt + bytes.readUInt32LE(at + METADATA_LENGTH_AT);
  const end = at + bytes.readUInt32LE(at);
  return {
    stream,
    position: bytes.readBigInt64LE(at + POSITION_AT),
    revision: bytes.readUInt32LE(at + REVISION_AT),
    eventId: bytes.toString('latin1', at + ID_AT, typeAt),
    type: bytes.toString('utf8', typeAt, metadataAt),
    metadata: jsonOf(bytes.toString('utf8', metadataAt, dataAt)),
    data: bytes.readUInt8(at + IS_JSON_AT) === 1 ? jsonOf(bytes.toString('utf8', dataAt, end)) : undefined,
    sizeBytes: end - metadataAt,
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the codec says what is wrong with it
  }
}
