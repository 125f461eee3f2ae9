import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { serveHealth } from '#platform/http/health.js';
import type { RunningApp } from '#platform/lifecycle.js';
import type { Logger } from '#platform/logging.js';
import type { Projector } from '#projections/projector.js';
import { projectionStatuses } from '#projections/projection-statuses.js';
import { ReadModelKeeper } from '#projections/read-model-keeper.js';
import { Relay } from '#projections/relay/relay.js';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';
import type { ProjectorSettings } from './settings.js';

/** Answers about itself at once; projects as soon as its stores are there, and again whenever they come back. */
export async function startProjector(settings: ProjectorSettings, logger: Logger): Promise<RunningApp> {
  const { postgresUrl, indexPrefix } = settings;
  const eventStore = new DbClientEventStore({ connectionString: settings.eventStoreUrl });
  const elasticsearch = settings.elasticsearch && createElasticsearchClient(settings.elasticsearch);
  const keeper = new ReadModelKeeper({ eventStore, postgresUrl, logger, elasticsearch, indexPrefix });
  const relay = settings.kafka && new Relay({ eventStore, postgresUrl, logger, kafka: settings.kafka });
  const http = fastify();
  serveHealth(http, new Map([['projection', () => readiness(keeper.target.projector)]]), logger);
  http.get('/status', () => projectionStatuses(keeper, relay, eventStore));
  await http.listen({ host: settings.host, port: settings.port });

  const stop = new AbortController();
  const running = keeper.run(stop.signal).catch((err: unknown) => {
    // A restart would stop at the same event: whoever restarts us does so with growing pauses.
    logger.fatal({ err }, err instanceof Error ? err.message : 'the projection stopped');
    process.exit(1);
  });
  // Whatever keeps events from Kafka keeps nothing else from going on.
  const relaying = relay?.run(stop.signal);
  return {
    port: (http.server.address() as AddressInfo).port,
    async close() {
      stop.abort();
      await Promise.all([running, relaying]);
      await Promise.all([http.close(), eventStore.close(), elasticsearch?.close()]);
    },
  };
}

/** A standby is ready: to take over. */
async function readiness({ state, active, lastError }: Projector): Promise<void> {
  const ready = state === 'live' || state === 'standby' || (state === 'catching_up' && active);
  if (!ready) throw new Error(`the projection is ${state}${lastError === null ? '' : `: ${lastError}`}`);
}
