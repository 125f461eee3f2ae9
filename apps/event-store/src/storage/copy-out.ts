import type { Connection, PoolClient, Submittable } from 'pg';

/** Bytes of the header of PostgreSQL's binary COPY format when it has no extension, which it never has. */
const HEADER_BYTES = 19;

/**
 * `COPY (…) TO STDOUT (FORMAT binary)`: each row is handed on in place, while it lies in the connection's
 * buffer. Ordinary results come as text with two digits per byte, and cost more than twice as much.
 */
class CopyOut implements Submittable {
  readonly #text: string;
  readonly #onRow: (row: Buffer) => void;
  readonly #done: (error: Error | null) => void;
  #headerSeen = false;
  #error: Error | null = null;

  constructor(text: string, onRow: (row: Buffer) => void, done: (error: Error | null) => void) {
    this.#text = text;
    this.#onRow = onRow;
    this.#done = done;
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
    this.#done(error);
  }

  handleReadyForQuery(): void {
    this.#done(this.#error);
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

  /** A view, only good until the next row. */
  bytes(): Buffer {
    const length = this.#bytes.readInt32BE(this.#at);
    const start = this.#at + 4;
    this.#at = start + length;
    return this.#bytes.subarray(start, this.#at);
  }

  text(): string {
    return this.bytes().toString('utf8');
  }

  bigint(): number {
    const bytes = this.bytes();
    return bytes.readInt32BE(0) * 0x1_0000_0000 + bytes.readUInt32BE(4);
  }

  boolean(): boolean {
    return this.bytes()[0] === 1;
  }

  uuid(): string {
    const hex = this.bytes().toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }
}
