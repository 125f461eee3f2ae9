import pg from 'pg';
import { connectionWith, endConnection, KEPT_ALIVE } from '#platform/postgres.js';
import { GENERATION_CHANNEL } from '#read-models/schema.js';
import { pause } from '../engine/interruptions.js';
import { Wakeup } from '../engine/wakeup.js';

/** News may be lost with a connection, or before there was one. */
const LOOK_AGAIN_MS = 2_000;
const CONNECT_TIMEOUT_MS = 3_000;
/** For a connection that brings not even an error. */
const ANSWER_LIMIT_MS = 3_000;

/**
 * Calls `look` at once, then whenever generations change: on NOTIFY, and every two seconds in case a notification
 * was lost. Calls never overlap.
 */
export async function onGenerationNews(
  postgresUrl: string,
  look: () => Promise<void>,
  onError: (error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    const client = new pg.Client({
      ...connectionWith(postgresUrl),
      application_name: 'orderlog projector generations',
      ...KEPT_ALIVE,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: ANSWER_LIMIT_MS,
    });
    try {
      await client.connect();
      await listen(client, signal, async () => {
        await look();
        attempt = 0;
      });
    } catch (error) {
      if (!signal.aborted) onError(error);
    } finally {
      await endConnection(client);
    }
    await pause(attempt, signal);
  }
}

/** @throws when the connection is lost, or a look fails */
async function listen(client: pg.Client, signal: AbortSignal, look: () => Promise<void>): Promise<void> {
  const news = new Wakeup();
  let lost: Error | null = null;
  client.on('notification', () => news.wake());
  client.on('error', (error) => {
    lost = error;
    news.wake();
  });
  signal.addEventListener('abort', () => news.wake(), { once: true });
  await client.query(`LISTEN ${GENERATION_CHANNEL}`);
  while (!signal.aborted) {
    await look();
    if (lost !== null) throw lost as Error;
    await news.wait(LOOK_AGAIN_MS);
    await client.query('SELECT 1'); // finds a connection that was lost silently
  }
}
