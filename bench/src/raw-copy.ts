import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { indexStatements, tablesDdl, tablesOf } from '#read-models/generations/generation-ddl.js';

const CHUNK_BYTES = 1 << 20;

interface CopyConnection extends pg.Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** Copies a file of rows in binary form into a table, as fast as the client can send it. */
class CopyOfFile implements pg.Submittable {
  readonly #text: string;
  readonly #path: string;
  readonly #done: (error: Error | null) => void;

  constructor(text: string, path: string, done: (error: Error | null) => void) {
    this.#text = text;
    this.#path = path;
    this.#done = done;
  }

  submit(connection: pg.Connection): void {
    connection.query(this.#text);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    void this.#send(connection);
  }

  async #send(connection: CopyConnection): Promise<void> {
    for await (const chunk of createReadStream(this.#path, { highWaterMark: CHUNK_BYTES })) {
      connection.sendCopyFromChunk(chunk as Buffer);
      if (connection.stream.writableNeedDrain) await once(connection.stream, 'drain');
    }
    connection.endCopyFrom();
  }

  handleError(error: Error): void {
    this.#done(error);
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#done(null);
  }
}

/**
 * The final rows of a generation, kept in files on the server. They can be copied into any number of new tables.
 */
export class RawRows {
  readonly #db: pg.Client;
  readonly #folder: string;

  private constructor(db: pg.Client, folder: string) {
    this.#db = db;
    this.#folder = folder;
  }

  static async of(db: pg.Client, schema: string): Promise<RawRows> {
    const { rows } = await db.query<{ folder: string }>(`SELECT current_setting('data_directory') AS folder`);
    const raw = new RawRows(db, rows[0]!.folder);
    for (const table of tablesOf('postgres')) {
      await db.query(`COPY ${schema}.${table} TO '${raw.#file(table)}' (FORMAT binary)`);
    }
    return raw;
  }

  /**
   * Copies the rows into new tables that are as durable as the generation's, and then makes the same keys and
   * indexes.
   */
  async copyInto(schema: string): Promise<void> {
    await this.#db.query(tablesDdl(schema, 'postgres'));
    for (const table of tablesOf('postgres')) {
      await new Promise<void>((resolve, reject) => {
        const into = `COPY ${schema}.${table} FROM STDIN (FORMAT binary)`;
        const done = (error: Error | null) => (error === null ? resolve() : reject(error));
        this.#db.query(new CopyOfFile(into, this.#file(table), done));
      });
    }
    await this.#db.query(`SET maintenance_work_mem = '256MB'`);
    for (const statement of indexStatements(schema, 'postgres')) await this.#db.query(statement);
    const tables = tablesOf('postgres').map((table) => `${schema}.${table}`);
    await this.#db.query(`ANALYZE ${tables.join(', ')}`);
  }

  #file(table: string): string {
    return join(this.#folder, `bench_${table}`);
  }
}
