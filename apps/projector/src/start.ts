import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { Draining } from '#platform/http/draining.js';
import { serveHealth, type LenientCheck, type ReadinessCheck } from '#platform/http/health.js';
import { serveMetrics } from '#platform/http/metrics.js';
import type { RunningApp } from '#platform/lifecycle.js';
import type { Logger } from '#platform/logging.js';
import { createPool } from '#platform/postgres.js';
import type { ProjectionWork } from '#projections/engine/projection-engine.js';
import { Leases } from '#projections/lease/leases.js';
import { projectionMetrics } from '#projections/status/projection-metrics.js';
import { projectionStatuses } from '#projections/status/projection-statuses.js';
import { ReadModelKeeper } from '#projections/generations/read-model-keeper.js';
import type { Relay, RelayOptions } from '#projections/relay/relay.js';
import { openElasticsearchClient } from '#read-models/search/elasticsearch/open-client.js';
import type { ProjectorSettings } from './settings.js';

/** Longer than any pause between two attempts, and than the restart of a store takes. */
const DOWN_LIMIT_MS = 60_000;
const STATUS_TIMEOUT_MS = 2_000;

/** Answers about itself at once. Projects as soon as its stores are there, and again whenever they come back. */
export async function startProjector(settings: ProjectorSettings, logger: Logger): Promise<RunningApp> {
  const { postgresUrl, indexPrefix } = settings;
  const eventStore = new DbClientEventStore({ connectionString: settings.eventStoreUrl });
  const elasticsearch = settings.elasticsearch && (await openElasticsearchClient(settings.elasticsearch));
  const leases = new Leases(postgresUrl);
  const shared = { eventStore, postgresUrl, logger, leases };
  const keeper = new ReadModelKeeper({ ...shared, elasticsearch, indexPrefix });
  const relay = settings.kafka && (await openRelay({ ...shared, kafka: settings.kafka }));
  const pool = createPool(postgresUrl, {
    max: 2,
    applicationName: 'orderlog projector status',
    statementTimeoutMs: STATUS_TIMEOUT_MS,
  });
  const http = fastify();
  const draining = new Draining(http.server);
  const statuses = () => projectionStatuses(keeper, relay, { eventStore, db: pool });
  const checks = new Map<string, ReadinessCheck | LenientCheck>([
    ['postgres', () => pool.query('SELECT 1')],
    ['eventStore', () => eventStore.headPosition()],
    ['orders', () => whetherRunning(rowsOf(keeper))],
    // Without Elasticsearch or Kafka everything else goes on.
    ['search', { check: () => whetherRunning([keeper.target.search]), goesOnAfter: () => true }],
    ['relay', { check: () => whetherRunning([relay]), goesOnAfter: () => true }],
  ]);
  serveHealth(http, checks, logger, draining);
  serveMetrics(http, async () => projectionMetrics(await statuses()));
  http.get('/status', async () => ({ holder: leases.holder, ...(await statuses()) }));
  await http.listen({ host: settings.host, port: settings.port });

  const stop = new AbortController();
  const projecting = Promise.all([keeper.run(stop.signal), relay?.run(stop.signal)]);
  return {
    port: (http.server.address() as AddressInfo).port,
    async close() {
      draining.begin();
      stop.abort();
      await projecting;
      await draining.end();
      await Promise.all([http.close(), eventStore.close(), elasticsearch?.close(), pool.end()]);
    },
  };
}

/** A projector without Kafka starts sooner, and smaller, without the modules of its client. */
async function openRelay(options: RelayOptions): Promise<Relay> {
  const { Relay } = await import('#projections/relay/relay.js');
  return new Relay(options);
}

/** Only the target and the active rows count; other generations that are kept are told by the status alone. */
function rowsOf({ target, ordersFollowers }: ReadModelKeeper): readonly (ProjectionWork | null)[] {
  return [target.orders, ...ordersFollowers.filter((one) => one.active && one !== target.orders)];
}

/**
 * A standby is ready: it can take over. A projection that begins again is ready, too, unless that takes long.
 * @throws when a projection has been down for too long
 */
async function whetherRunning(projections: readonly (ProjectionWork | null)[]): Promise<void> {
  const down = projections.find((one) => one !== null && one.engine.downMs > DOWN_LIMIT_MS);
  if (!down) return;
  const { state, lastError, downMs } = down.engine;
  throw new Error(
    `${down.name} has been ${state} for ${Math.round(downMs / 1_000)} s: ${lastError ?? 'no error'}`,
  );
}
