import type pg from 'pg';

/** The connection of node-postgres, as far as COPY needs it. */
interface CopyConnection extends pg.Connection {
  sendCopyFromChunk(chunk: Uint8Array): void;
  endCopyFrom(): void;
}

/** Size of one message to the server, which holds each message in memory as a whole. */
const CHUNK_BYTES = 1 << 20;

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
    for (let at = 0; at < this.#bytes.length; at += CHUNK_BYTES) {
      connection.sendCopyFromChunk(this.#bytes.subarray(at, at + CHUNK_BYTES));
    }
    connection.endCopyFrom();
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

/**
 * `COPY … FROM STDIN (FORMAT binary)` of rows that are ready to be sent, as `CopyBuffer` makes them.
 * @throws as a query would
 */
export function copyIn(db: pg.ClientBase, into: string, rows: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const text = `COPY ${into} FROM STDIN (FORMAT binary)`;
    db.query(new CopyIn(text, rows, (error) => (error === null ? resolve() : reject(error))));
  });
}
