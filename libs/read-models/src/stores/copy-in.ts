import type pg from 'pg';

/** The connection of node-postgres, as far as COPY needs it. */
interface CopyConnection extends pg.Connection {
  endCopyFrom(): void;
}

/** Size of one message to the server, which holds each message in memory as a whole. */
const CHUNK_BYTES = 1 << 20;
const COPY_DATA = 'd'.charCodeAt(0);
const LENGTH_BYTES = 4;

class CopyIn implements pg.Submittable {
  readonly #text: string;
  readonly #bytes: Uint8Array;
  readonly #done: (error: Error | null) => void;
  #error: Error | null = null;

  constructor(text: string, bytes: Uint8Array, done: (error: Error | null) => void) {
    this.#text = text;
    this.#bytes = bytes;
    this.#done = done;
  }

  submit(connection: pg.Connection): void {
    connection.query(this.#text);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    const { stream } = connection;
    stream.cork();
    for (let at = 0; at < this.#bytes.length; at += CHUNK_BYTES) {
      // Not by `sendCopyFromChunk`, which copies each chunk into a buffer of its own.
      const chunk = this.#bytes.subarray(at, at + CHUNK_BYTES);
      stream.write(headerOf(chunk));
      stream.write(chunk);
    }
    connection.endCopyFrom();
    stream.uncork();
  }

  handleError(error: Error): void {
    this.#error = error;
    this.#done(error);
  }

  handleReadyForQuery(): void {
    if (this.#error === null) this.#done(null);
  }

  handleCommandComplete(): void {
    // ReadyForQuery follows, and ends the query.
  }
}

/** Of a CopyData message (https://www.postgresql.org/docs/current/protocol-message-formats.html). */
function headerOf(chunk: Uint8Array): Buffer {
  const header = Buffer.allocUnsafe(1 + LENGTH_BYTES);
  header[0] = COPY_DATA;
  header.writeInt32BE(LENGTH_BYTES + chunk.length, 1);
  return header;
}

/**
 * `COPY … FROM STDIN (FORMAT binary)` of rows that are ready to be sent, as `CopyBuffer` makes them. They are sent from
 * where they are: they must not change until the promise is settled.
 * @throws as a query would
 */
export function copyIn(db: pg.ClientBase, into: string, rows: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const text = `COPY ${into} FROM STDIN (FORMAT binary)`;
    db.query(new CopyIn(text, rows, (error) => (error === null ? resolve() : reject(error))));
  });
}
