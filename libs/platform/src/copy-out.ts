import type { ClientBase, Connection, Submittable } from 'pg';
import { POSTGRES_EPOCH_MS } from './postgres.js';

/** Bytes of the header of PostgreSQL's binary COPY format when it has no extension, which it never has. */
const HEADER_BYTES = 19;
// An array begins with its number of dimensions, a flag for nulls and the element type. For its one dimension, the
// count and the lower bound follow.
const ARRAY_COUNT_AT = 12;
const ARRAY_HEADER_BYTES = 20;

/**
 * `COPY (…) TO STDOUT (FORMAT binary)`: each row is handed on in place, while it lies in the connection's
 * buffer. Ordinary results come as text with two digits per byte, and cost more than twice as much.
 */
class CopyOut implements Submittable {
  readonly #text: string;
  readonly #onRow: (row: Buffer) => void;
  #headerSeen = false;
  #error: Error | null = null;
  /** Called once. Where there is a query timeout, node-postgres wraps it to learn that the query has ended. */
  callback: (error: Error | null) => void;

  constructor(text: string, onRow: (row: Buffer) => void, done: (error: Error | null) => void) {
    this.#text = text;
    this.#onRow = onRow;
    this.callback = done;
  }

  submit(connection: Connection): void {
    connection.query(this.#text);
  }

  handleCopyData({ chunk }: { chunk: Buffer }): void {
    const row = this.#headerSeen ? chunk : chunk.subarray(HEADER_BYTES);
    this.#headerSeen = true;
    // The trailer is a row of -1 columns.
    if (this.#error || row.length < 2 || row.readInt16BE(0) < 0) return;
    try {
      this.#onRow(row);
    } catch (error) {
      this.#error = error instanceof Error ? error : new Error(String(error));
    }
  }

  handleError(error: Error): void {
    this.callback(error);
  }

  handleReadyForQuery(): void {
    this.callback(this.#error);
  }

  handleCommandComplete(): void {}
}

/** Runs `query` (no parameters: COPY takes none) and hands each row to `onRow`, to be read at once. */
export async function copyOut(
  client: ClientBase,
  query: string,
  onRow: (row: CopiedRow) => void,
): Promise<void> {
  const row = new CopiedRow();
  await new Promise<void>((resolve, reject) => {
    client.query(
      new CopyOut(
        `COPY (${query}) TO STDOUT (FORMAT binary)`,
        (bytes) => onRow(row.open(bytes)),
        (error) => (error ? reject(error) : resolve()),
      ),
    );
  });
}

/** Where the bytes of a value lie; only good until the next row. */
export interface CopiedValue {
  readonly source: Buffer;
  readonly start: number;
  readonly length: number;
}

export function textOf({ source, start, length }: CopiedValue): string {
  return source.toString('utf8', start, start + length);
}

/** Reads the columns of one row in their order. */
export class CopiedRow {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  open(bytes: Buffer): this {
    this.#bytes = bytes;
    this.#at = 2;
    return this;
  }

  /** Whether the next column is null. A null column counts as read. */
  isNull(): boolean {
    if (this.#bytes.readInt32BE(this.#at) !== -1) return false;
    this.#at += 4;
    return true;
  }

  /** Text, JSON, bytes or a UUID as they are. */
  slice(): CopiedValue {
    const length = this.#bytes.readInt32BE(this.#at);
    const start = this.#at + 4;
    this.#at = start + length;
    return { source: this.#bytes, start, length };
  }

  text(): string {
    return textOf(this.slice());
  }

  uuid(): string {
    const start = this.#fixed(16);
    const hex = this.#bytes.toString('hex', start, start + 16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  integer(): number {
    return this.#bytes.readInt32BE(this.#fixed(4));
  }

  bigint(): number {
    return this.#bigintAt(this.#fixed(8));
  }

  boolean(): boolean {
    return this.#bytes[this.#fixed(1)] === 1;
  }

  /** `timestamptz`. @returns milliseconds since 1970 */
  instantMs(): number {
    return this.#bigintAt(this.#fixed(8)) / 1_000 + POSTGRES_EPOCH_MS;
  }

  /** `text[]` of one dimension, without nulls. */
  texts(): string[] {
    const { start } = this.slice();
    const dimensions = this.#bytes.readInt32BE(start);
    if (dimensions === 0) return [];
    const texts: string[] = [];
    let at = start + ARRAY_HEADER_BYTES;
    for (let left = this.#bytes.readInt32BE(start + ARRAY_COUNT_AT); left > 0; left--) {
      const from = at + 4;
      at = from + this.#bytes.readInt32BE(at);
      texts.push(this.#bytes.toString('utf8', from, at));
    }
    return texts;
  }

  #fixed(length: number): number {
    const start = this.#at + 4;
    this.#at = start + length;
    return start;
  }

  #bigintAt(start: number): number {
    return this.#bytes.readInt32BE(start) * 0x1_0000_0000 + this.#bytes.readUInt32BE(start + 4);
  }
}
