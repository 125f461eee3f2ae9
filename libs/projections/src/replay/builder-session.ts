import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { connectionWith, endConnection, endsWithItsClient, KEPT_ALIVE } from '#platform/postgres.js';
import { ReplaysStore } from '#read-models/stores/replays.store.js';
import { CannotReplay } from './errors.js';

/** How long PostgreSQL may take to notice that the process which ran the replay before is gone. */
const LET_GO_MS = 3_000;
const TRY_EVERY_MS = 100;
const CONNECT_TIMEOUT_MS = 3_000;

/**
 * Works in the session that builds, which holds the lock of the process that runs the replay.
 * @throws CannotReplay when another process is running the replay
 */
export async function inBuilderSession<T>(
  postgresUrl: string,
  signal: AbortSignal,
  work: (session: pg.Client) => Promise<T>,
): Promise<T> {
  const session = new pg.Client({
    ...connectionWith(postgresUrl),
    application_name: 'orderctl replay builder',
    ...KEPT_ALIVE,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  session.on('error', () => {}); // the next query fails
  try {
    await session.connect();
    await session.query('SET statement_timeout = 0'); // building an index takes its time, whatever the role's limit
    // Otherwise PostgreSQL would go on with an index for a killed process, and no other process could take over.
    await endsWithItsClient(session, LET_GO_MS / 3);
    if (!(await attendInTime(new ReplaysStore(session), signal))) {
      throw new CannotReplay(
        'a replay is under way in another process: `orderctl status` shows how far it is',
      );
    }
    return await work(session);
  } finally {
    await endConnection(session);
  }
}

/** @returns false when another process is running the replay */
async function attendInTime(store: ReplaysStore, signal: AbortSignal): Promise<boolean> {
  const untilMs = performance.now() + LET_GO_MS;
  while (!(await store.attend())) {
    if (performance.now() > untilMs) return false;
    await delay(TRY_EVERY_MS, undefined, { signal });
  }
  return true;
}

/**
 * Cancels the statement under way in the session when the signal aborts: one that makes an index may take minutes.
 * @returns ends that
 */
export function cancelOnAbort(session: pg.Client, pool: pg.Pool, signal: AbortSignal): () => void {
  const { processID } = session as pg.Client & { readonly processID: number };
  const cancel = () => void pool.query('SELECT pg_cancel_backend($1)', [processID]).catch(() => {}); // gone
  signal.addEventListener('abort', cancel, { once: true });
  return () => signal.removeEventListener('abort', cancel);
}
