import type { Connection, PoolClient, Submittable } from 'pg';
import type { Slice } from '../wire/protobuf-writer.js';

/** Bytes of the header of PostgreSQL's binary COPY format when it has no extension, which it never has. */
const HEADER_BYTES = 19;

/**
 * `COPY (…) TO STDOUT (FORMAT binary)`: each row is handed on in place, while it lies in the connection's
 * buffer. Ordinary results come as text with two digits per byte, and cost more than twice as much.
 */
class CopyOut implements Submittable {
  readonly #text: string;
  readonly #onRow: (row: Buffer) => void;
  #headerSeen = false;
  #error: Error | null = null;
  /** Called once; the connection puts its own in front of it, to know that the query is over in time. */
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
  client: PoolClient,
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

/** Reads the columns of one row in their order; none is null. */
export class CopiedRow {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  open(bytes: Buffer): this {
    this.#bytes = bytes;
    this.#at = 2;
    return this;
  }

  /** Text, bytes or a UUID as they are; only good until the next row. */
  slice(): Slice {
    const length = this.#bytes.readInt32BE(this.#at);
    const start = this.#at + 4;
    this.#at = start + length;
    return { source: this.#bytes, start, length };
  }

  bigint(): number {
    const start = this.#at + 4;
    this.#at = start + 8;
    return this.#bytes.readInt32BE(start) * 0x1_0000_0000 + this.#bytes.readUInt32BE(start + 4);
  }

  boolean(): boolean {
    const start = this.#at + 4;
    this.#at = start + 1;
    return this.#bytes[start] === 1;
  }
}
