import pg from 'pg';
import type { Logger } from '#platform/logging.js';
import type { Generation } from '#read-models/generations.js';
import { analyzedHistoryRows, analyzeStatement } from '#read-models/stores/table-statistics.js';
import { isAway } from '../engine/interruptions.js';

/** Fewer are read in any way in no time. */
const FEW_ROWS = 250;
const CONNECT_TIMEOUT_MS = 3_000;
/** A tenth of the usual sample (100) tells one index from another, and disturbs nobody; the daemon will look closer. */
const STATISTICS_TARGET = 10;

export interface StatisticsKeeperOptions {
  readonly postgresUrl: string;
  readonly generation: Generation;
  readonly logger: Logger;
}

/**
 * Has PostgreSQL look at the tables of a generation whenever they hold twice as much as when it last did. Its own daemon
 * comes by once a minute; until then it plans as for the empty tables that it saw, and may choose an index with which
 * each row costs more than the one before.
 */
export class StatisticsKeeper {
  readonly #options: StatisticsKeeperOptions;
  /** Rows of the history that were there when PostgreSQL last looked; null: not known yet. */
  #seen: number | null = null;
  #since = 0;
  /** The connection by which PostgreSQL is asked to look just now. */
  #looking: pg.Client | null = null;
  #isClosed = false;

  constructor(options: StatisticsKeeperOptions) {
    this.#options = options;
  }

  /** Told of rows that were written to the history. Never waits, nor fails: without statistics it is slower. */
  wrote(rows: number): void {
    this.#since += rows;
    if (this.#isClosed || this.#looking !== null || this.#since < Math.max(FEW_ROWS, this.#seen ?? 0)) return;
    const client = new pg.Client({
      connectionString: this.#options.postgresUrl,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: 'orderlog projector statistics',
      options: `-c default_statistics_target=${STATISTICS_TARGET}`,
    });
    client.on('error', () => {}); // its statement fails
    this.#looking = client;
    this.#look(client)
      .catch((error: unknown) => this.#tell(error))
      .finally(() => (this.#looking = null));
  }

  /** What PostgreSQL is doing it may finish, but nobody waits for it: a client that is ended while it connects never says so. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#looking?.end();
  }

  async #look(client: pg.Client): Promise<void> {
    const { generation } = this.#options;
    try {
      await client.connect();
      this.#seen ??= await analyzedHistoryRows(client, generation);
      if (this.#since < this.#seen) return;
      const rows = this.#since;
      await client.query(analyzeStatement(generation));
      this.#seen += rows;
      this.#since -= rows;
    } finally {
      await client.end();
    }
  }

  #tell(error: unknown): void {
    if (this.#isClosed || isAway(error)) return;
    this.#options.logger.warn({ err: error }, 'PostgreSQL has no new statistics of the read models');
  }
}
