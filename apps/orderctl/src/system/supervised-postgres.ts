import pg from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#platform/embedded-postgres.js';
import { CliError, oneLine } from '../support/cli-error.js';
import { Backoff } from './backoff.js';
import type { AppEvents } from './supervised-app.js';

/**
 * Both databases are on one server and share its commits. They are separate, so that no app can touch the other's
 * tables.
 */
const DATABASES = ['orderlog_events', 'orderlog_read'] as const;

const STEADY_MS = 30_000;

/** The embedded PostgreSQL, started again on its port when it dies. */
export class SupervisedPostgres {
  readonly #dataDir: string;
  readonly #events: AppEvents;
  readonly #backoff = new Backoff({ firstMs: 500, maxMs: 10_000, attempts: 8 });
  #server: EmbeddedPostgres | null = null;
  /** Id of its process, set before it accepts connections. */
  #pid: number | null = null;
  #stopping = false;
  /** A start that is under way. Stopping waits for it, or else the server would outlive this process. */
  #starting: Promise<unknown> = Promise.resolve();

  constructor(dataDir: string, events: AppEvents) {
    this.#dataDir = dataDir;
    this.#events = events;
  }

  /** @throws CliError when it cannot start. */
  async start(): Promise<{ eventsUrl: string; readUrl: string }> {
    const launched = this.#launch();
    this.#starting = launched.catch(() => {}); // the error is reported below
    const server = await launched.catch((error: unknown) => {
      throw new CliError(error instanceof Error ? oneLine(error.message) : String(error), { cause: error });
    });
    await createDatabases(server.url);
    return { eventsUrl: urlOf(server, DATABASES[0]), readUrl: urlOf(server, DATABASES[1]) };
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#signal('SIGINT'); // a recovering server would otherwise first finish its recovery
    await this.#starting;
    await this.#server?.stop();
  }

  /** Ends the server without a checkpoint: the next start recovers from the log. */
  kill(): void {
    this.#stopping = true;
    this.#signal('SIGQUIT');
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#pid !== null) process.kill(this.#pid, signal);
  }

  async #launch(port?: number): Promise<EmbeddedPostgres> {
    if (this.#stopping) throw new CliError('stopped while starting');
    const server = await startEmbeddedPostgres({
      dataDir: this.#dataDir,
      ...(port === undefined ? {} : { port }),
      onSpawn: (pid) => {
        this.#pid = pid;
        if (this.#stopping) this.#signal('SIGINT'); // the stop came while the cluster was being made
      },
    }).catch((error: unknown) => {
      this.#pid = null;
      throw error;
    });
    this.#server = server;
    const startedMs = Date.now();
    void server.exited.then((how) => {
      this.#pid = null;
      if (this.#stopping) return;
      if (Date.now() - startedMs > STEADY_MS) this.#backoff.reset();
      this.#server = null;
      const ended = typeof how === 'string' ? how : `exit code ${String(how)}`;
      this.#events.tell(`PostgreSQL ended (${ended}): starting it again`);
      this.#starting = this.#relaunch(server.port);
    });
    return server;
  }

  async #relaunch(port: number): Promise<void> {
    for (;;) {
      const pauseMs = this.#backoff.next();
      if (this.#stopping) return;
      if (pauseMs === null) {
        this.#events.gaveUp(
          new CliError('PostgreSQL keeps ending: free memory and disk space, then start again'),
        );
        return;
      }
      await new Promise((next) => setTimeout(next, pauseMs));
      if (this.#stopping) return;
      try {
        await this.#launch(port);
        return;
      } catch (error) {
        if (this.#stopping) return;
        // After a kill -9 the processes of the old server keep its memory for a moment.
        this.#events.tell(
          `PostgreSQL does not start: ${error instanceof Error ? oneLine(error.message) : String(error)}`,
        );
      }
    }
  }
}

async function createDatabases(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {}); // a stop may break the connection; the queries on it then fail by themselves
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database');
    const known = new Set(rows.map(({ datname }) => datname));
    for (const name of DATABASES) if (!known.has(name)) await client.query(`CREATE DATABASE ${name}`);
  } finally {
    await client.end();
  }
}

function urlOf(server: EmbeddedPostgres, database: string): string {
  const url = new URL(server.url);
  url.pathname = `/${database}`;
  return url.href;
}
