import pg from 'pg';
import type { Logger } from '#platform/logging.js';
import { connectionWith, endConnection } from '#platform/postgres.js';
import type { Generation } from '#read-models/generations/generation.js';
import { analyzedHistoryRows, analyzeStatement } from '#read-models/stores/table-statistics.js';
import { isAway } from '../engine/interruptions.js';

/** With no more rows than these, every plan is fast. */
const FEW_ROWS = 250;
const CONNECT_TIMEOUT_MS = 3_000;
/**
 * A tenth of the usual sample (100) is enough to tell one index from another, and disturbs nobody; autovacuum
 * samples more.
 */
const STATISTICS_TARGET = 10;

export interface StatisticsKeeperOptions {
  readonly postgresUrl: string;
  readonly generation: Generation;
  readonly logger: Logger;
}

/**
 * Has PostgreSQL analyze the tables of a generation whenever they hold twice as much as at the last time.
 * Autovacuum comes by once a minute. Until then PostgreSQL plans for the empty tables that it saw last, and may
 * choose an index with which each row costs more than the one before.
 */
export class StatisticsKeeper {
  readonly #options: StatisticsKeeperOptions;
  /** Rows of the history when PostgreSQL last analyzed it; null: not known yet. */
  #seen: number | null = null;
  #since = 0;
  /** The connection of the ANALYZE that is under way; null: none is. */
  #looking: pg.Client | null = null;
  #isClosed = false;

  constructor(options: StatisticsKeeperOptions) {
    this.#options = options;
  }

  /**
   * Called with the number of rows written to the history. Never waits or fails: without statistics writing is
   * only slower.
   */
  wrote(rows: number): void {
    this.#since += rows;
    if (this.#isClosed || this.#looking !== null || this.#since < Math.max(FEW_ROWS, this.#seen ?? 0)) return;
    const client = new pg.Client({
      ...connectionWith(this.#options.postgresUrl, `-c default_statistics_target=${STATISTICS_TARGET}`),
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: 'orderlog projector statistics',
    });
    client.on('error', () => {}); // the statement under way fails
    this.#looking = client;
    this.#look(client)
      .catch((error: unknown) => this.#tell(error))
      .finally(() => (this.#looking = null));
  }

  /**
   * PostgreSQL may finish its ANALYZE, but nobody waits for `#look`: a client that is ended while it connects
   * never settles.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#looking !== null) await endConnection(this.#looking);
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
      await endConnection(client);
    }
  }

  #tell(error: unknown): void {
    if (this.#isClosed || isAway(error)) return;
    this.#options.logger.warn(
      { err: error },
      'updating the statistics of the read models in PostgreSQL failed',
    );
  }
}
