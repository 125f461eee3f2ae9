import { createTokenVerifier } from '#platform/auth/token-verifier.js';
import { createHttpApp, type HttpApp } from '#platform/http/http-app.js';
import type { RunningApp } from '#platform/lifecycle.js';
import type { Logger } from '#platform/logging.js';
import { createPool } from '#platform/postgres.js';
import { decodeEach } from '#event-store/codec.js';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { knownStoreIdentity } from '#event-store/store-identity.js';
import { CheckpointWatcher } from '#read-models/checkpoint-watcher.js';
import { WatchedGeneration } from '#read-models/readers/active-generation.js';
import { OrderReader } from '#read-models/readers/order.reader.js';
import { ReadModels } from '#read-models/readers/read-models.js';
import { ActiveSearch } from '#read-models/search/active-search.js';
import { openElasticsearchClient } from '#read-models/search/elasticsearch/open-client.js';
import { queryApiDescription } from './api-description.js';
import { QueryApiModule } from './query-api.module.js';
import { Lag } from './reads/lag.js';
import { Freshness } from './reads/freshness.js';
import { problemOfRead } from './reads/problem-of-read.js';
import { EXPORT_STALLED_AFTER_MS } from './exports/stalled-client.js';
import type { QueryApiSettings } from './settings.js';
import { LeftOutReader } from './time-travel/left-out.js';
import { TimeTravel } from './time-travel/time-travel.js';

/** Limit of a request's body: the largest question is a search. */
const BODY_LIMIT_BYTES = 64 * 1024;
const READ_CONNECTIONS = 10;
const READ_TIMEOUT_MS = 5_000;
const EXPORT_CONNECTIONS = 3;
const EXPORT_STATEMENT_TIMEOUT_MS = 30_000;
/**
 * Planner options for many small reads at once. No parallel workers: to start them takes longer than to read. A higher
 * operator cost: PostgreSQL rates a look into a compressed list of words as cheap as a comparison of two numbers, and
 * would read every order's words instead of the index.
 */
const READING = '-c max_parallel_workers_per_gather=0 -c cpu_operator_cost=0.01';

export type RunningQueryApi = Required<RunningApp> & Pick<HttpApp, 'fastify'>;

/** The query API, listening. */
export async function startQueryApi(settings: QueryApiSettings, logger: Logger): Promise<RunningQueryApi> {
  const pool = createPool(settings.postgresUrl, {
    max: READ_CONNECTIONS,
    applicationName: 'orderlog query-api',
    statementTimeoutMs: READ_TIMEOUT_MS,
    settings: READING,
  });
  const exportPool = createPool(settings.postgresUrl, {
    max: EXPORT_CONNECTIONS,
    applicationName: 'orderlog query-api exports',
    statementTimeoutMs: EXPORT_STATEMENT_TIMEOUT_MS,
    settings: READING,
  });
  // Of its own: an app whose connections are all busy would be taken out of service, and the others get its load.
  const readinessPool = createPool(settings.postgresUrl, {
    max: 1,
    applicationName: 'orderlog query-api readiness',
    statementTimeoutMs: READ_TIMEOUT_MS,
  });
  const watcher = new CheckpointWatcher({
    connectionString: settings.postgresUrl,
    onError: (err) => logger.warn({ err }, 'listening for checkpoints failed; connecting again'),
  });
  const eventStore = new DbClientEventStore({ connectionString: settings.eventStoreUrl });
  const elasticsearch = settings.elasticsearch && (await openElasticsearchClient(settings.elasticsearch));
  const generation = new WatchedGeneration(watcher, pool);
  const models = new ReadModels(pool, generation);
  const leftOut = new LeftOutReader(models);
  const freshness = new Freshness(watcher, new Lag(eventStore));
  await Promise.all([watcher.start(), leftOut.refresh()]);
  const app = await createHttpApp(
    QueryApiModule.over({
      models,
      orders: new OrderReader(models),
      exports: new ReadModels(exportPool, generation),
      exportStalledAfterMs: settings.exportStalledAfterMs ?? EXPORT_STALLED_AFTER_MS,
      search: new ActiveSearch(models, generation, elasticsearch),
      timeTravel: new TimeTravel(eventStore, { decodeEach }, leftOut, freshness),
      freshness,
    }),
    {
      logger,
      api: queryApiDescription,
      verifier: createTokenVerifier(settings),
      bodyLimitBytes: BODY_LIMIT_BYTES,
      readiness: {
        postgres: () => readinessPool.query('SELECT 1'),
        generation: () => new ReadModels(readinessPool, generation).requireRights(),
        // Only the past of single orders is read from the event store: the app stays ready without it, but not
        // with another one.
        eventStore: {
          check: () => sameStore(eventStore, watcher),
          goesOnAfter: (failure) => !(failure instanceof OtherStore),
        },
      },
      translateError: problemOfRead,
    },
  );
  const port = await app.listen(settings.host, settings.port);
  const { drainDelayMs = 0 } = settings;
  return {
    port,
    drainDelayMs,
    fastify: app.fastify,
    async close() {
      await app.close(drainDelayMs);
      await watcher.close();
      const pools = [pool, exportPool, readinessPool];
      const others = [eventStore.close(), elasticsearch?.close()];
      await Promise.all([...pools.map((one) => one.end()), ...others]);
    },
  };
}

/** This event store is not the one that the rows are made from. */
class OtherStore extends Error {}

/** @throws OtherStore, or the error of an event store that cannot be reached */
async function sameStore(
  eventStore: Pick<DbClientEventStore, 'readStream'>,
  { storeId }: CheckpointWatcher,
): Promise<void> {
  const own = await knownStoreIdentity(eventStore);
  if (own === null || storeId === null || own === storeId) return;
  throw new OtherStore(`the read models were made from event store ${storeId}, but this is ${own}`);
}
