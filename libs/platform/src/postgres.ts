import pg from 'pg';

export interface PoolOptions {
  /** Connections at most. */
  max: number;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  /** 0: no limit. PostgreSQL ends the statement itself; where not even that is heard, the wait ends soon after. */
  statementTimeoutMs: number;
}

/** From where PostgreSQL counts the microseconds of a `timestamptz` in its binary form. */
export const POSTGRES_EPOCH_MS = Date.UTC(2000, 0, 1);

/**
 * Else the answer of a host that died once it had taken a statement is waited for as long as the system says, which is two
 * hours.
 */
export const KEPT_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 5_000 } as const;

const CONNECT_TIMEOUT_MS = 3_000;
/** What PostgreSQL's own word of a statement that took too long may take to come here. */
const ANSWER_MARGIN_MS = 1_000;
/** The longest that PostgreSQL takes, 25 days: node-postgres does not send 0, and the limit of a role or database would hold. */
const NO_LIMIT_MS = 2_147_483_647;
/** In which a server that is there has heard of the end of a connection. */
const END_LIMIT_MS = 1_000;

/** A pool that outlives the server: it reconnects by itself, and a lost idle connection ends nothing. */
export function createPool(url: string, options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
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

/** Has the loss of a connection, idle or lent out, end nothing but what is asked over it. */
export function outliveLosses(pool: pg.Pool, onIdleLost: (error: Error) => void = () => {}): void {
  // Without a listener a lost idle connection would end the process; the pool has dropped it already,
  // and whoever asks next gets a new one or the error.
  pool.on('error', onIdleLost);
  // Nor may the loss of one that is lent out: what is under way on it, or is asked next, fails by itself.
  pool.on('connect', (client) => client.on('error', () => {}));
}

/**
 * Ends a connection, gone already or not. A host that is gone says nothing: the connection is broken off then, of which else
 * nothing is heard until the system gives it up, a quarter of an hour later.
 */
export async function endConnection(client: pg.Client): Promise<void> {
  const breakOff = setTimeout(() => client.connection.stream.destroy(), END_LIMIT_MS);
  await client.end().catch(() => {}); // gone already
  clearTimeout(breakOff);
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
  // PostgreSQL: shutting down, crashed, starting up, out of connections
  '57P01',
  '57P02',
  '57P03',
  '53300',
  // PostgreSQL: this process stood still in a transaction, and has lost it
  '25P03',
]);

// node-postgres gives these no code.
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

/** Whether an answer was waited for too long: what was asked may be done, or may be done yet. */
export function isWithoutAnswer(error: unknown): boolean {
  return ((error ?? {}) as { message?: unknown }).message === WITHOUT_ANSWER;
}
