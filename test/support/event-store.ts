import { createLogger } from '#platform/logging.js';
import { startEventStore } from '../../apps/event-store/src/server.js';
import { freshDatabase } from './database.js';

/** A machine that stands still for a while, as shared ones do, is no database that is away. */
const ANSWER_LIMIT_MS = 60_000;

/** The embedded event store in this process, on a fresh database and a free port. */
export async function startTestEventStore(): Promise<{ url: string; close: () => Promise<void> }> {
  const database = await freshDatabase();
  const store = await startEventStore({
    postgresUrl: database.url,
    port: 0,
    answerLimitMs: ANSWER_LIMIT_MS,
    logger: createLogger('event-store', 'silent'),
  });
  const close = async () => {
    await store.close();
    await database.drop();
  };
  return { url: `esdb://127.0.0.1:${store.port}?tls=false`, close };
}
