/** Tags of the wire format: field number and wire type in one byte (all our fields are below 16). */
export const varintTag = (field: number): number => field << 3;
export const bytesTag = (field: number): number => (field << 3) | 2;

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

  raw(bytes: Uint8Array): void {
    this.buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }
}
