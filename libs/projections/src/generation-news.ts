import pg from 'pg';
import { GENERATION_CHANNEL } from '#read-models/schema.js';
import { pause } from './interruptions.js';

/** News may be lost with a connection, or before there was one. */
const LOOK_AGAIN_MS = 2_000;

/**
 * Looks once, and again whenever generations change: told by NOTIFY, and every other second for what was told while
 * nobody listened. One look at a time.
 */
export async function onGenerationNews(
  postgresUrl: string,
  look: () => Promise<void>,
  onError: (error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    const client = new pg.Client({
      connectionString: postgresUrl,
      application_name: 'orderlog projector generations',
      keepAlive: true,
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
      await client.end().catch(() => {}); // it is gone already
    }
    await pause(attempt, signal);
  }
}

/** @throws when the connection is lost, or a look fails */
async function listen(client: pg.Client, signal: AbortSignal, look: () => Promise<void>): Promise<void> {
  const news = { heard: false, lost: null as Error | null, wake: () => {} };
  const tell = () => {
    news.heard = true;
    news.wake();
  };
  client.on('notification', tell);
  client.on('error', (error) => {
    news.lost = error;
    tell();
  });
  signal.addEventListener('abort', tell, { once: true });
  await client.query(`LISTEN ${GENERATION_CHANNEL}`);
  while (!signal.aborted) {
    news.heard = false;
    await look();
    if (news.lost !== null) throw news.lost;
    if (news.heard) continue;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LOOK_AGAIN_MS);
      news.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    await client.query('SELECT 1'); // a connection that is lost without a word is found so
  }
}
