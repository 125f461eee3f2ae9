import { epochMsOf, type Instant } from '#domain/instant.js';
import { POSTGRES_EPOCH_MS } from '#platform/postgres.js';
import type { ColumnType } from '../order-summary.js';

/**
 * The element types of columns that are sent as arrays. PostgreSQL has no arrays of arrays, so `text[]` is sent as
 * its literal.
 */
export type ElementType = Exclude<ColumnType, 'text[]'>;

const typeIds: Readonly<Record<ElementType, number>> = {
  bool: 16,
  int8: 20,
  int4: 23,
  text: 25,
  json: 114,
  timestamptz: 1184,
  uuid: 2950,
};

const HEADER_BYTES = 20;
const KEPT_BYTES = 4_000_000;

/**
 * A column's values as a PostgreSQL array in its binary form, so that long JSON texts are neither
 * escaped here nor unescaped there (https://www.postgresql.org/docs/current/protocol.html, and
 * array_recv in the server's source). Values: text, json and uuid as strings, int8 as number or bigint,
 * timestamptz as Instant, null anywhere.
 */
export class BinaryArray {
  readonly #type: ElementType;
  #bytes = Buffer.allocUnsafe(1_024);
  #length = HEADER_BYTES;
  #count = 0;
  #hasNull = false;
  #marked = { length: HEADER_BYTES, count: 0, hasNull: false };

  constructor(type: ElementType) {
    this.#type = type;
  }

  /** @throws when the type cannot hold the value; `rollBack` is needed then */
  push(value: unknown): void {
    this.#count += 1;
    if (value === null || value === undefined) {
      this.#hasNull = true;
      this.#reserve(4);
      this.#length = this.#bytes.writeInt32BE(-1, this.#length);
      return;
    }
    switch (this.#type) {
      case 'text':
        if ((value as string).includes('\0'))
          throw new RangeError('PostgreSQL cannot store a text with a NUL character');
        return this.#pushText(value as string);
      case 'json':
        return this.#pushText(value as string);
      case 'uuid':
        return this.#pushFixed(16, (at) => this.#writeUuid(value as string, at));
      case 'int4':
        return this.#pushFixed(4, (at) => void this.#bytes.writeInt32BE(value as number, at));
      case 'int8':
        return this.#pushFixed(
          8,
          (at) => void this.#bytes.writeBigInt64BE(BigInt(value as number | bigint), at),
        );
      case 'bool':
        return this.#pushFixed(1, (at) => void this.#bytes.writeUInt8(value === true ? 1 : 0, at));
      case 'timestamptz': {
        const microseconds = BigInt((epochMsOf(value as Instant) - POSTGRES_EPOCH_MS) * 1_000);
        return this.#pushFixed(8, (at) => void this.#bytes.writeBigInt64BE(microseconds, at));
      }
    }
  }

  mark(): void {
    this.#marked.length = this.#length;
    this.#marked.count = this.#count;
    this.#marked.hasNull = this.#hasNull;
  }

  /** Drops the values that were pushed since `mark`. */
  rollBack(): void {
    this.#length = this.#marked.length;
    this.#count = this.#marked.count;
    this.#hasNull = this.#marked.hasNull;
  }

  /** Empties the array for the next batch, with the same memory. Call it only after the last parameter was sent. */
  clear(): void {
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafe(1_024);
    this.#length = HEADER_BYTES;
    this.#count = 0;
    this.#hasNull = false;
  }

  /** The parameter to bind: a view of memory that is reused after `clear`. */
  toBuffer(): Buffer {
    const dimensions = this.#count === 0 ? 0 : 1;
    this.#bytes.writeInt32BE(dimensions, 0);
    this.#bytes.writeInt32BE(this.#hasNull ? 1 : 0, 4);
    this.#bytes.writeInt32BE(typeIds[this.#type], 8);
    if (dimensions === 0) return this.#bytes.subarray(0, 12);
    this.#bytes.writeInt32BE(this.#count, 12);
    this.#bytes.writeInt32BE(1, 16); // index of the first element
    return this.#bytes.subarray(0, this.#length);
  }

  #pushText(text: string): void {
    this.#reserve(4 + text.length * 3); // no UTF-16 unit takes more than three bytes of UTF-8
    const size = this.#bytes.write(text, this.#length + 4, 'utf8');
    this.#bytes.writeInt32BE(size, this.#length);
    this.#length += 4 + size;
  }

  #writeUuid(uuid: string, at: number): void {
    const written = this.#bytes.write(uuid.replaceAll('-', ''), at, 16, 'hex');
    if (written !== 16 || uuid.length !== 36) throw new Error(`${JSON.stringify(uuid)} is not a UUID`);
  }

  #pushFixed(size: number, write: (at: number) => void): void {
    this.#reserve(4 + size);
    this.#length = this.#bytes.writeInt32BE(size, this.#length);
    write(this.#length);
    this.#length += size;
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** A `text[]` value in PostgreSQL's text form, e.g. `{"a","b \"c\""}`. */
export function arrayLiteral(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}
