import pg from 'pg';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { buildInBulk } from '#projections/replay/bulk-build.js';
import { generationById } from '#read-models/generations/generation.js';

/** The message to the parent process. */
export interface RebuildReport {
  readonly seconds: number;
  /** Memory of the process in bytes, at the number of events that were in rows by then. */
  readonly memory: readonly { readonly events: number; readonly rssBytes: number }[];
}

/** One bulk build in a separate process, as `orderctl replay` is, so that its memory can be measured by itself. */
async function run(eventStoreUrl: string, postgresUrl: string, generation: number): Promise<RebuildReport> {
  const eventStore = new DbClientEventStore({ connectionString: eventStoreUrl });
  const db = new pg.Client({ connectionString: postgresUrl });
  await db.connect();
  const memory: { events: number; rssBytes: number }[] = [];
  const startedMs = performance.now();
  await buildInBulk({
    ...{ db, eventStore, generation: await generationById(db, generation) },
    signal: new AbortController().signal,
    onProgress: ({ events }) => memory.push({ events, rssBytes: process.memoryUsage.rss() }),
  });
  const seconds = (performance.now() - startedMs) / 1_000;
  await Promise.all([db.end(), eventStore.close()]);
  return { seconds, memory };
}

const [eventStoreUrl, postgresUrl, generation] = process.argv.slice(2);
process.send!(await run(eventStoreUrl!, postgresUrl!, Number(generation)));
process.disconnect();
