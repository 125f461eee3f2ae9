/** Tags of the wire format: field number and wire type in one byte (all our fields are below 16). */
export const varintTag = (field: number): number => field << 3;
export const bytesTag = (field: number): number => (field << 3) | 2;

/** Bytes within a larger buffer, described without the cost of a view. */
export interface Slice {
  readonly source: Buffer;
  readonly start: number;
  readonly length: number;
}

/** Up to this many bytes, a loop is cheaper than a view and a copy. */
const LOOP_MAX_BYTES = 64;

/** Two hexadecimal digits for each byte, as character codes. */
const HEX_DIGITS = Uint16Array.from({ length: 256 }, (_, byte) => {
  const digits = byte.toString(16).padStart(2, '0');
  return (digits.charCodeAt(0) << 8) | digits.charCodeAt(1);
});

/** Indexes of the bytes of a UUID that are followed by a dash in its text. */
const DASH_AFTER = new Set([3, 5, 7, 9]);

/** How many bytes a varint takes; `value` is a whole number up to 2^53. */
export function varintSize(value: number): number {
  let size = 1;
  while (value >= 0x80) {
    value = Math.floor(value / 0x80);
    size++;
  }
  return size;
}

/** A length-delimited field: tag, length and `length` bytes. */
export const fieldSize = (length: number): number => 1 + varintSize(length) + length;

/**
 * Writes protobuf fields straight into one buffer whose size the caller has worked out. The generated
 * classes build a tree of objects and arrays first, which costs several times as much per event.
 */
export class ProtobufWriter {
  readonly buffer: Buffer;
  #at: number;

  constructor(buffer: Buffer, at = 0) {
    this.buffer = buffer;
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  varint(value: number): void {
    const { buffer } = this;
    let at = this.#at;
    while (value >= 0x80) {
      buffer[at++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    buffer[at++] = value;
    this.#at = at;
  }

  varintField(field: number, value: number): void {
    this.buffer[this.#at++] = varintTag(field);
    this.varint(value);
  }

  /** The head of a message, bytes or string whose `length` bytes follow. */
  open(field: number, length: number): void {
    this.buffer[this.#at++] = bytesTag(field);
    this.varint(length);
  }

  bytesField(field: number, bytes: Uint8Array): void {
    this.open(field, bytes.length);
    this.buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** `length` is the text's length in UTF-8. */
  textField(field: number, text: string, length: number): void {
    this.open(field, length);
    this.#at += this.buffer.write(text, this.#at, length, 'utf8');
  }

  /** Bytes given as hexadecimal digits, as PostgreSQL prints them. */
  hexField(field: number, hex: string): void {
    this.open(field, hex.length / 2);
    this.#at += this.buffer.write(hex, this.#at, hex.length / 2, 'hex');
  }

  sliceField(field: number, { source, start, length }: Slice): void {
    this.open(field, length);
    const { buffer } = this;
    if (length <= LOOP_MAX_BYTES) {
      for (let index = 0; index < length; index++) buffer[this.#at + index] = source[start + index]!;
    } else buffer.set(source.subarray(start, start + length), this.#at);
    this.#at += length;
  }

  /** A UUID's 16 bytes, as its text of 36 characters. */
  uuidField(field: number, { source, start }: Slice): void {
    this.open(field, 36);
    const { buffer } = this;
    for (let index = 0; index < 16; index++) {
      const digits = HEX_DIGITS[source[start + index]!]!;
      buffer[this.#at++] = digits >> 8;
      buffer[this.#at++] = digits & 0xff;
      if (DASH_AFTER.has(index)) buffer[this.#at++] = 0x2d;
    }
  }

  raw(bytes: Uint8Array): void {
    this.buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }
}
