import { setTimeout } from 'node:timers/promises';
import pg from 'pg';

const CONNECT_LIMIT_MS = 5_000;
/**
 * A message is locked while it is sent. When PostgreSQL hears nothing of the sender for this time, as when its machine
 * is gone, it unlocks the message.
 */
export const HELD_LIMIT_MS = 720_000;

/** `event`: the Kafka message as it came. `settled_at`: since when nothing more is done about the message. */
const TABLES = `
CREATE TABLE IF NOT EXISTS inbox (
  event_id uuid NOT NULL,
  recipient text NOT NULL,
  type text NOT NULL,
  order_id uuid NOT NULL,
  revision integer NOT NULL,
  event json NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'sent', 'skipped', 'dead')),
  reason text,
  attempts integer NOT NULL DEFAULT 0,
  waits integer NOT NULL DEFAULT 0,
  received_at timestamptz NOT NULL DEFAULT now(),
  next_try_at timestamptz NOT NULL DEFAULT now(),
  settled_at timestamptz,
  PRIMARY KEY (event_id, recipient, type)
);
CREATE INDEX IF NOT EXISTS inbox_due ON inbox (next_try_at) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS inbox_waiting ON inbox (order_id, recipient, revision) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS preferences (
  customer_id text PRIMARY KEY,
  locale text NOT NULL,
  channels jsonb NOT NULL
);`;

/**
 * Connections whose tables are in the notifier's own schema. The schema is created where it does not exist yet.
 */
export async function openDatabase(
  url: string,
  schema: string,
  connections: number,
  heldLimitMs = HELD_LIMIT_MS,
): Promise<pg.Pool> {
  const pool = new pg.Pool({
    connectionString: inSchema(url, schema),
    max: connections,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000, // otherwise it takes two hours to notice a host that died
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    idle_in_transaction_session_timeout: heldLimitMs,
  });
  pool.on('error', whatFollowsFails);
  try {
    await inTransaction(pool, async (client) => {
      // When two notifiers start at once, one waits for the other.
      await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`notifier ${schema}`]);
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
      await client.query(TABLES);
    });
    return pool;
  } catch (error) {
    await pool.end();
    throw error;
  }
}

/** The URL with the schema added to its options. Options given beside it would be lost where it has some itself. */
function inSchema(url: string, schema: string): string {
  const whole = new URL(url);
  const given = whole.searchParams.get('options') ?? '';
  whole.searchParams.set('options', `${given} -c search_path=${schema}`.trim());
  return whole.href;
}

/** Runs `work` in a transaction: all of its changes are committed once this returns, or none when it throws. */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  client.on('error', whatFollowsFails);
  let broken = true;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    broken = false;
    return result;
  } finally {
    client.off('error', whatFollowsFails);
    client.release(broken); // a connection that failed is closed, and PostgreSQL rolls back
  }
}

/**
 * Does what may take long, such as to wait for another server, in the middle of a transaction. PostgreSQL hears of this
 * side meanwhile, and so does not take it for gone.
 */
export async function whileHeld<T>(
  client: pg.PoolClient,
  heldLimitMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const signs = giveSigns(client, heldLimitMs / 4, over.signal);
  try {
    return await work();
  } finally {
    over.abort();
    await signs; // a client takes one query at a time
  }
}

async function giveSigns(client: pg.PoolClient, everyMs: number, signal: AbortSignal): Promise<void> {
  try {
    for (;;) {
      await setTimeout(everyMs, undefined, { signal });
      await client.query('SELECT 1');
    }
  } catch {
    // The work is over. Or the connection is broken: then the query after the work fails, too.
  }
}

/**
 * A broken connection emits an error, which would end the process. It may be ignored, since the next query fails.
 */
function whatFollowsFails(): void {}
