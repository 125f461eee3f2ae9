import pg from 'pg';
import type { Logger } from '#platform/logging.js';
import { connectionWith, endConnection, endsWithItsClient, KEPT_ALIVE } from '#platform/postgres.js';
import { lastPosition, migrate, takesWrites, tryWriterLock } from './schema.js';

const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 2_000;
/** PostgreSQL takes a moment to notice that a killed predecessor is gone. */
const LOCK_PATIENCE_MS = 5_000;
/** Longer than PostgreSQL takes, on any network, to notice that a lost session of this process is gone. */
export const TAKEN_OVER_AFTER_MS = 30_000;

interface SessionOptions {
  postgresUrl: string;
  logger: Logger;
  answerLimitMs: number;
  /** How long another session may hold the lock before this one gives up. */
  takenOverAfterMs: number;
}

interface SessionEvents {
  /** The session is up again; `last` is the position of the last stored event. */
  recovered: (last: number) => void;
  /** The session is away. Another one may take the lock, and write. */
  lost: () => void;
  /** The other session has kept the lock for `takenOverAfterMs`: this session will not write again. */
  takenOver: () => void;
}

interface Writing {
  readonly isWriter: true;
  /** Position of the last event. */
  readonly last: number;
}

interface Rivalled {
  readonly isWriter: false;
  /** PostgreSQL's process of the session that has the right to write; null: not known. */
  readonly holder: number | null;
}

/** Makes PostgreSQL check that this client is alive: a session whose client is gone must not keep the lock. */
const SERVER_LOOKS = '-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3';

/**
 * The one connection that writes. It holds the advisory lock, so that losing the right to write and losing
 * the connection are the same thing. A broken connection is replaced, until `close`.
 */
export class WriterSession {
  readonly #options: SessionOptions;
  readonly #logger: Logger;
  readonly #events: SessionEvents;
  #client: pg.Client | null = null;
  /**
   * PostgreSQL's process of the session of this store that had the right to write last. When it is given up, it keeps
   * that right for as long as it cannot be interrupted, as while the disk or a synchronous standby does not answer.
   */
  #lastWriter: number | null = null;
  #closed = false;

  constructor(options: SessionOptions, events: SessionEvents) {
    this.#options = options;
    this.#logger = options.logger;
    this.#events = events;
  }

  get isUp(): boolean {
    return this.#client !== null;
  }

  /**
   * Makes the first connection and creates the schema. Resolves with the position of the last event.
   *
   * @throws Error in one line when PostgreSQL cannot be reached or takes no writes, or another server writes there.
   */
  async open(): Promise<number> {
    const deadline = Date.now() + LOCK_PATIENCE_MS;
    for (;;) {
      const connected = await this.#connect();
      if (connected.isWriter) return connected.last;
      if (Date.now() > deadline) {
        throw new Error('another event store is running on this database: stop it or use another database');
      }
      await delay(RETRY_MIN_MS);
    }
  }

  async execute(statement: { name: string; text: string; values: unknown[] }): Promise<void> {
    if (!this.#client) throw new Error('the writing connection is away');
    await this.#client.query(statement);
  }

  /** @throws Error when the connection is away, or does not answer: then the right to write may be lost. */
  async check(): Promise<void> {
    await this.execute({ name: 'check', text: 'SELECT', values: [] });
  }

  /** Gives up the connection and makes a new one: the outcome of the last statement is unknown. */
  discard(): void {
    const client = this.#client;
    this.#client = null;
    if (!client) return;
    this.#events.lost();
    void endConnection(client);
    void this.#recover();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const client = this.#client;
    this.#client = null;
    if (client) await endConnection(client);
  }

  async #connect(): Promise<Writing | Rivalled> {
    const client = new pg.Client({
      ...connectionWith(this.#options.postgresUrl, `-c synchronous_commit=on ${SERVER_LOOKS}`),
      ...KEPT_ALIVE,
      connectionTimeoutMillis: 5_000,
      query_timeout: this.#options.answerLimitMs,
      application_name: 'orderlog event-store writer',
    });
    client.on('error', (err) => {
      this.#logger.warn({ err }, 'the writing connection was lost');
      if (this.#client === client) this.discard();
    });
    await client.connect();
    try {
      await endsWithItsClient(client); // and lets go of the right to write
      // The last event of a standby says nothing of those that it has yet to replay.
      if (!(await takesWrites(client))) {
        throw new Error(
          "this PostgreSQL takes no writes (a standby, or read-only): give the primary's address",
        );
      }
      const { locked, pid, holder } = await tryWriterLock(client);
      if (!locked) {
        await endConnection(client);
        return { isWriter: false, holder };
      }
      this.#lastWriter = pid;
      await migrate(client);
      const last = await lastPosition(client);
      this.#client = client;
      return { isWriter: true, last };
    } catch (error) {
      await endConnection(client);
      throw error;
    }
  }

  async #recover(): Promise<void> {
    let rivalledMs: number | null = null;
    for (let waitMs = RETRY_MIN_MS; !this.#closed; waitMs = Math.min(waitMs * 2, RETRY_MAX_MS)) {
      await delay(waitMs);
      if (this.#closed) return;
      try {
        const connected = await this.#connect();
        if (!connected.isWriter) {
          const { holder } = connected;
          if (holder !== null && holder === this.#lastWriter) {
            rivalledMs = null;
            this.#logger.warn(
              { pid: holder },
              'a session that was given up still has the right to write: PostgreSQL has to end it',
            );
            continue;
          }
          rivalledMs ??= performance.now();
          if (performance.now() - rivalledMs < this.#options.takenOverAfterMs) continue;
          return this.#events.takenOver();
        }
        if (this.#closed) return await this.close();
        const { last } = connected;
        this.#logger.info({ lastPosition: last }, 'connected again: writing goes on');
        this.#events.recovered(last);
        return;
      } catch (err) {
        rivalledMs = null; // whoever had the lock may have let go meanwhile, even to this session
        this.#logger.debug({ err }, 'PostgreSQL is still away');
      }
    }
  }
}

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
