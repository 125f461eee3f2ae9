import type { Instant } from '#domain/instant.js';
import { POSTGRES_EPOCH_MS } from '#platform/postgres.js';
import type { ColumnType } from '../order-summary.js';

/** What a column of a copied row holds; `tsvector` is given as its words, distinct and without positions. */
export type CopyType = ColumnType | 'tsvector';

/** A column of the rows that are copied. */
export interface CopyColumn {
  readonly column: string;
  readonly type: CopyType;
  readonly nullable: boolean;
  /** Limit for a text, in bytes of UTF-8; absent: no limit. */
  readonly maxBytes?: number;
}

// "PGCOPY\n\377\r\n\0", no flags, no extension (https://www.postgresql.org/docs/current/sql-copy.html)
const HEADER = Buffer.from([80, 71, 67, 79, 80, 89, 10, 255, 13, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const TRAILER_BYTES = 2;
const FIRST_BYTES = 1 << 16;
const KEPT_BYTES = 32 << 20;
const TEXT_TYPE_ID = 25;
/** Texts of up to this many characters are written by a loop, which costs less than a call into the runtime. */
const SHORT_TEXT = 40;
const TWO_TO_32 = 0x1_0000_0000;
const DASH = 45;

/** A place in a buffer. */
export interface CopyMark {
  readonly length: number;
  readonly rows: number;
}

/** The value of a hexadecimal digit by its character code; 255: it is none. */
const HEX = new Uint8Array(128).fill(255);
for (let digit = 0; digit < 16; digit++) {
  HEX[digit.toString(16).charCodeAt(0)] = digit;
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/**
 * Rows in PostgreSQL's binary COPY format, one after the other. Values: text, json and uuid as strings, int8 as
 * number or bigint, timestamptz as Instant, null anywhere. The memory is reused for the next COPY.
 */
export class CopyBuffer {
  readonly #columns: readonly CopyColumn[];
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = HEADER.copy(this.#bytes);
  #rows = 0;
  #lastInstant = '';
  #lastInstantMs = 0;

  constructor(columns: readonly CopyColumn[]) {
    this.#columns = columns;
  }

  get rows(): number {
    return this.#rows;
  }

  get sizeBytes(): number {
    return this.#length;
  }

  /** The current end of the rows, for `backTo`. */
  mark(): CopyMark {
    return { length: this.#length, rows: this.#rows };
  }

  backTo({ length, rows }: CopyMark): void {
    this.#length = length;
    this.#rows = rows;
  }

  /** Values in the order of the columns. @throws for a value that PostgreSQL would not take, or that is too long */
  push(values: readonly unknown[]): void {
    const columns = this.#columns;
    this.#reserve(2);
    this.#length = this.#bytes.writeInt16BE(columns.length, this.#length);
    for (let index = 0; index < columns.length; index++) {
      const { type, nullable, column, maxBytes = Infinity } = columns[index]!;
      const value = values[index] ?? null;
      const at = this.#length;
      if (value !== null) this.#pushValue(type, value);
      else if (nullable) this.#pushNull();
      else throw new Error(`the value of ${column} is missing`);
      if (this.#length - at - 4 > maxBytes) throw new Error(`${column} has more than ${maxBytes} bytes`);
    }
    this.#rows += 1;
  }

  /** All rows, to be sent. Call `clear` only after the COPY is over: it reuses the memory. */
  toBuffer(): Buffer {
    this.#reserve(TRAILER_BYTES);
    this.#bytes.writeInt16BE(-1, this.#length);
    return this.#bytes.subarray(0, this.#length + TRAILER_BYTES);
  }

  clear(): void {
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
    this.#length = HEADER.copy(this.#bytes);
    this.#rows = 0;
  }

  #pushNull(): void {
    this.#reserve(4);
    this.#length = this.#bytes.writeInt32BE(-1, this.#length);
  }

  #pushValue(type: CopyType, value: unknown): void {
    switch (type) {
      case 'text':
        return this.#pushText(withoutNul(value as string));
      case 'json':
        return this.#pushText(value as string);
      case 'uuid':
        return this.#pushUuid(value as string);
      case 'int4':
        this.#reserve(8);
        this.#length = this.#bytes.writeInt32BE(4, this.#length);
        this.#length = this.#bytes.writeInt32BE(safe(value as number), this.#length);
        return;
      case 'int8':
        return this.#pushInt8(Number(value));
      case 'bool':
        this.#reserve(5);
        this.#length = this.#bytes.writeInt32BE(1, this.#length);
        this.#bytes[this.#length++] = value === true ? 1 : 0;
        return;
      case 'timestamptz':
        return this.#pushInt8((this.#epochMsOf(value as Instant) - POSTGRES_EPOCH_MS) * 1_000);
      case 'text[]':
        return this.#sized(() => this.#pushTexts(value as readonly string[]));
      case 'tsvector':
        return this.#sized(() => this.#pushWords(value as readonly string[]));
    }
  }

  #pushText(text: string): void {
    this.#reserve(4 + text.length * 3); // no UTF-16 unit takes more than three bytes of UTF-8
    const at = this.#length;
    const size = this.#writeText(text, at + 4);
    this.#bytes.writeInt32BE(size, at);
    this.#length = at + 4 + size;
  }

  #writeText(text: string, at: number): number {
    if (text.length <= SHORT_TEXT) {
      let index = 0;
      for (; index < text.length; index++) {
        const code = text.charCodeAt(index);
        if (code > 127) break;
        this.#bytes[at + index] = code;
      }
      if (index === text.length) return index;
    }
    return this.#bytes.write(text, at, 'utf8');
  }

  #pushUuid(uuid: string): void {
    this.#reserve(20);
    let at = this.#bytes.writeInt32BE(16, this.#length);
    let high = -1;
    for (let index = 0; index < uuid.length; index++) {
      const code = uuid.charCodeAt(index);
      if (code === DASH) continue;
      const digit = HEX[code] ?? 255;
      if (digit === 255 || at === this.#length + 20) throw new Error(`${JSON.stringify(uuid)} is not a UUID`);
      if (high < 0) high = digit;
      else {
        this.#bytes[at++] = (high << 4) | digit;
        high = -1;
      }
    }
    if (at !== this.#length + 20) throw new Error(`${JSON.stringify(uuid)} is not a UUID`);
    this.#length = at;
  }

  #pushInt8(value: number): void {
    this.#reserve(12);
    const high = Math.floor(safe(value) / TWO_TO_32);
    this.#length = this.#bytes.writeInt32BE(8, this.#length);
    this.#length = this.#bytes.writeInt32BE(high, this.#length);
    this.#length = this.#bytes.writeUInt32BE(value - high * TWO_TO_32, this.#length);
  }

  /** The events of an order often have the same time, so the last one parsed is kept. */
  #epochMsOf(at: Instant): number {
    if (at === this.#lastInstant) return this.#lastInstantMs;
    this.#lastInstant = at;
    return (this.#lastInstantMs = Date.parse(at));
  }

  #sized(write: () => void): void {
    this.#reserve(4);
    const at = this.#length;
    this.#length += 4;
    write();
    this.#bytes.writeInt32BE(this.#length - at - 4, at);
  }

  /** As array_recv reads it. */
  #pushTexts(texts: readonly string[]): void {
    this.#reserve(20);
    this.#length = this.#bytes.writeInt32BE(texts.length === 0 ? 0 : 1, this.#length);
    this.#length = this.#bytes.writeInt32BE(0, this.#length); // contains no null
    this.#length = this.#bytes.writeInt32BE(TEXT_TYPE_ID, this.#length);
    if (texts.length === 0) return;
    this.#length = this.#bytes.writeInt32BE(texts.length, this.#length);
    this.#length = this.#bytes.writeInt32BE(1, this.#length); // index of the first
    for (const text of texts) this.#pushText(withoutNul(text));
  }

  /** As tsvectorrecv reads it: each word ends with a zero byte, followed by its number of positions, here 0. */
  #pushWords(words: readonly string[]): void {
    this.#reserve(4);
    this.#length = this.#bytes.writeInt32BE(words.length, this.#length);
    for (const word of words) {
      this.#reserve(word.length * 3 + 3);
      this.#length += this.#writeText(word, this.#length);
      this.#bytes[this.#length++] = 0;
      this.#length = this.#bytes.writeUInt16BE(0, this.#length);
    }
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

function withoutNul(text: string): string {
  if (text.includes('\0')) throw new Error('PostgreSQL cannot store a text with a NUL character');
  return text;
}

function safe(value: number): number {
  if (!Number.isSafeInteger(value))
    throw new Error(`${value} is not a whole number that can be kept exactly`);
  return value;
}
