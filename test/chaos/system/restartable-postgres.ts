import { appendFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#platform/embedded-postgres.js';

/** A PostgreSQL server of one run, which can crash and come back on the same port with the same data. */
export class RestartablePostgres {
  readonly #folder: string;
  readonly port: number;
  #server: EmbeddedPostgres;

  private constructor(folder: string, server: EmbeddedPostgres) {
    this.#folder = folder;
    this.#server = server;
    this.port = server.port;
  }

  static async start(folder: string): Promise<RestartablePostgres> {
    await mkdir(folder, { recursive: true });
    return new RestartablePostgres(folder, await startIn(folder));
  }

  /** Address of one of its databases, reached directly. */
  url(database: string): string {
    const url = new URL(this.#server.url);
    url.pathname = `/${database}`;
    return url.href;
  }

  async createDatabase(name: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.#server.url });
    await client.connect();
    await client.query(`CREATE DATABASE ${name}`);
    await client.end();
  }

  /** `crash`: SIGQUIT, which drops everything at once; the next start recovers what was committed. */
  async down(how: 'crash' | 'fast'): Promise<void> {
    this.abandon(how === 'crash' ? 'SIGQUIT' : 'SIGINT');
    await this.#server.exited;
  }

  async up(): Promise<void> {
    this.#server = await startIn(this.#folder, this.port);
  }

  abandon(signal: NodeJS.Signals = 'SIGQUIT'): void {
    try {
      process.kill(this.#server.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // it has ended already
    }
  }
}

function startIn(folder: string, port?: number): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({
    dataDir: folder,
    ...(port === undefined ? {} : { port }),
    // A crash of the process loses nothing that the operating system has; only a crash of the machine would.
    settings: { fsync: 'off', shared_buffers: '32MB' },
    onLog: (text) => appendFileSync(join(folder, 'postgres.log'), text),
  });
}
