/** The bytes are no protobuf message of the expected shape. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

/**
 * Reads the fields of one message in place: bytes are slices, not copies. Only the most frequent messages are read
 * with it: append requests in the embedded event store, and read responses in its clients. All others go through
 * the generated classes.
 */
export class ProtobufReader {
  readonly #buffer: Buffer;
  readonly #end: number;
  #at: number;
  #wireType = 0;

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.#buffer = buffer;
    this.#at = start;
    this.#end = end;
  }

  /** The number of the next field, 0 at the end of the message. */
  next(): number {
    if (this.#at >= this.#end) return 0;
    const tag = this.varint();
    this.#wireType = tag & 7;
    return Math.floor(tag / 8);
  }

  /** An unsigned varint. Above 2^53 only its magnitude is right, which is enough for a revision of that size. */
  varint(): number {
    let value = 0;
    let factor = 1;
    for (let count = 0; count < 10; count++) {
      if (this.#at >= this.#end) throw new MalformedMessage('a number is cut off');
      const byte = this.#buffer[this.#at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
    throw new MalformedMessage('a number is longer than ten bytes');
  }

  /** An exact unsigned varint. One that a number can hold is read as a number, which is ten times as fast. */
  uint64(): bigint {
    const start = this.#at;
    const value = this.varint();
    if (value <= Number.MAX_SAFE_INTEGER) return BigInt(value);
    this.#at = start;
    return this.varint64();
  }

  /** An exact 64-bit varint, for values that use all 64 bits. */
  varint64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.#at >= this.#end) throw new MalformedMessage('a number is cut off');
      const byte = this.#buffer[this.#at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new MalformedMessage('a number is longer than ten bytes');
  }

  bytes(): Buffer {
    const start = this.#openLength();
    return this.#buffer.subarray(start, this.#at);
  }

  text(): string {
    const start = this.#openLength();
    return this.#buffer.toString('utf8', start, this.#at);
  }

  message(): ProtobufReader {
    const start = this.#openLength();
    return new ProtobufReader(this.#buffer, start, this.#at);
  }

  /** Passes over a field that we do not know. */
  skip(): void {
    if (this.#wireType === 0) this.varint();
    else if (this.#wireType === 1) this.#advance(8);
    else if (this.#wireType === 2) this.#openLength();
    else if (this.#wireType === 5) this.#advance(4);
    else throw new MalformedMessage(`wire type ${this.#wireType} is not used by any message`);
  }

  #openLength(): number {
    const length = this.varint();
    const start = this.#at;
    this.#advance(length);
    return start;
  }

  #advance(length: number): void {
    this.#at += length;
    if (this.#at > this.#end) throw new MalformedMessage('a field is cut off');
  }
}
