import type pg from 'pg';
import { createPool } from '#platform/postgres.js';

/**
 * Opens PostgreSQL for as long as the work takes, for two statements at once at most.
 * @param command the name under which PostgreSQL shows its sessions
 */
export async function withPostgres<T>(
  url: string,
  command: `orderctl${'' | ` ${string}`}`,
  work: (pool: pg.Pool) => Promise<T>,
  { statementTimeoutMs = 0 }: { readonly statementTimeoutMs?: number } = {},
): Promise<T> {
  const pool = createPool(url, { max: 2, applicationName: command, statementTimeoutMs });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}
