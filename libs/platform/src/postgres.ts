import pg from 'pg';

export interface PoolOptions {
  /** Connections at most. */
  max: number;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  /**
   * 0: no limit. PostgreSQL ends the statement itself. If its answer does not arrive, the wait ends a second
   * later.
   */
  statementTimeoutMs: number;
  /** More settings of its sessions (`-c name=value`). */
  settings?: string;
}

/** From where PostgreSQL counts the microseconds of a `timestamptz` in its binary form. */
export const POSTGRES_EPOCH_MS = Date.UTC(2000, 0, 1);

/**
 * TCP keep-alive. Without it, the answer of a host that died after taking a statement is waited for as long as the
 * system's default, which is two hours.
 */
export const KEPT_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 5_000 } as const;

const CONNECT_TIMEOUT_MS = 3_000;
/** How long PostgreSQL's own answer, that a statement took too long, may take to arrive. */
const ANSWER_MARGIN_MS = 1_000;
/**
 * The longest timeout of PostgreSQL, 25 days. node-postgres does not send 0: a role's or database's limit would
 * hold.
 */
const NO_LIMIT_MS = 2_147_483_647;
/** Within this time, a server that is there answers the end of a connection. */
const END_LIMIT_MS = 1_000;

/** A pool that outlives the server: it reconnects by itself, and a lost idle connection ends nothing. */
export function createPool(url: string, options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    ...connectionWith(url, options.settings),
    max: options.max,
    application_name: options.applicationName,
    ...(options.statementTimeoutMs === 0
      ? { statement_timeout: NO_LIMIT_MS }
      : {
          statement_timeout: options.statementTimeoutMs,
          query_timeout: options.statementTimeoutMs + ANSWER_MARGIN_MS,
        }),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    ...KEPT_ALIVE,
  });
  outliveLosses(pool);
  return pool;
}

/**
 * What statements of every app rely on. A role or a database may have other defaults: with another isolation,
 * statements fail or do not see what was committed while they waited, node-postgres reads no other date than ISO's,
 * and without standard strings a backslash in a text is more than itself. Read-only transactions are left to whoever
 * wants them: nothing may be written there.
 */
const RELIED_ON = [
  'default_transaction_isolation=read\\ committed',
  'DateStyle=ISO',
  'TimeZone=UTC',
  'standard_conforming_strings=on',
  'array_nulls=on',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

/**
 * A connection to this URL with settings (`-c name=value`) that hold whatever the URL, the role or the database says.
 * Beside `options` in the URL, node-postgres would drop these: so they are taken out of it, and come first, as of two
 * values the later one holds. Without any it would take `PGOPTIONS`.
 */
export function connectionWith(url: string, settings = ''): { connectionString: string; options: string } {
  let own = process.env['PGOPTIONS'] ?? '';
  const connectionString = url.replace(/(?<=\?(?:.*&)?)(options=[^&#]*)&?/g, (_, given: string) => {
    own = new URLSearchParams(given).get('options') || own;
    return '';
  });
  return { connectionString, options: `${own} ${RELIED_ON} ${settings}`.trim() };
}

/** Makes the loss of a connection, idle or lent out, fail only the statements on this connection. */
export function outliveLosses(pool: pg.Pool, onIdleLost: (error: Error) => void = () => {}): void {
  // Without a listener, a lost idle connection would end the process. The pool has dropped it already, and the
  // next statement gets a new connection or the error.
  pool.on('error', onIdleLost);
  // The loss of a connection that is lent out may not end the process either: the statement under way, or the next
  // one, fails by itself.
  pool.on('connect', (client) => client.on('error', () => {}));
}

/**
 * Ends a connection, even if it is lost already. A host that is gone does not answer, so the connection is broken
 * off after END_LIMIT_MS. The system would give it up only after a quarter of an hour.
 */
export async function endConnection(client: pg.Client): Promise<void> {
  const breakOff = setTimeout(() => client.connection.stream.destroy(), END_LIMIT_MS);
  await client.end().catch(() => {}); // gone already
  clearTimeout(breakOff);
}

/**
 * Makes PostgreSQL end the session within this time once its client is gone. Otherwise a statement that waits, for a
 * lock for example, outlives its client, and keeps what its session holds: keep-alive finds nothing until it ends.
 */
export async function endsWithItsClient(session: pg.Client, withinMs = 1_000): Promise<void> {
  await session.query(`SET client_connection_check_interval = ${withinMs}`).catch(() => {}); // not on Windows
}

/** SQL that creates a schema where it is missing: IF NOT EXISTS asks for the right to do so where it is there, too. */
export function createMissingSchema(name: string): string {
  return `DO $$ BEGIN IF to_regnamespace('${name}') IS NULL THEN CREATE SCHEMA ${name}; END IF; END $$`;
}

/**
 * Names, notes and search words are of all scripts: with another encoding some could not be stored, or would not be found.
 * @throws Error in one line where the encoding of the database is another one
 */
export async function requireUtf8(db: Pick<pg.ClientBase, 'query'>): Promise<void> {
  const { rows } = await db.query<{ name: string; encoding: string }>(
    `SELECT current_database() AS name, current_setting('server_encoding') AS encoding`,
  );
  const { name, encoding } = rows[0]!;
  if (encoding === 'UTF8') return;
  throw new Error(
    `the encoding of database ${name} is ${encoding}, and has to be UTF8: use another database, made with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`,
  );
}

const UNAVAILABLE_CODES = new Set([
  // Node: nothing answers, or no longer
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'ECONNABORTED',
  // PostgreSQL: shutting down, crashed, starting up, out of memory, out of connections
  '57P01',
  '57P02',
  '57P03',
  '53200',
  '53300',
  // PostgreSQL: this process stood still in a transaction, or took too long for it, and has lost it
  '25P03',
  '25P04',
  // PostgreSQL: the session was idle for too long
  '57P05',
]);

// node-postgres gives the errors with these messages no code.
const WITHOUT_ANSWER = 'Query read timeout';
const UNAVAILABLE_MESSAGES =
  /^(Connection terminated|timeout expired|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** Whether PostgreSQL is away for the moment, rather than the statement wrong. */
export function isUnavailable(error: unknown): boolean {
  // No `instanceof`: Node's errors are of another realm where the code runs in a vm context.
  const { code, message, errors } = (error ?? {}) as { code?: unknown; message?: unknown; errors?: unknown };
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isUnavailable);
  if (typeof code === 'string') return UNAVAILABLE_CODES.has(code) || code.startsWith('08');
  return isWithoutAnswer(error) || (typeof message === 'string' && UNAVAILABLE_MESSAGES.test(message));
}

/** Whether the wait for an answer timed out: the statement may have been executed, or may still be. */
export function isWithoutAnswer(error: unknown): boolean {
  return ((error ?? {}) as { message?: unknown }).message === WITHOUT_ANSWER;
}
