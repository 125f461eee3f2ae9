import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { openEmbeddedIssuer } from '#platform/auth/embedded-issuer.js';
import { storeIdentity } from '#event-store/store-identity.js';
import { createLogger } from '#platform/logging.js';
import { OrdersFollower } from '#projections/orders/orders-follower.js';
import { startCommandApi } from '../../apps/command-api/src/start.js';
import { startQueryApi } from '../../apps/query-api/src/start.js';
import { freshDatabase } from './database.js';
import { startTestEventStore } from './event-store.js';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';

/** Both APIs, the projector and their stores, with one token issuer: the system behind the gateway. */
export interface WholeSystem {
  /** `host:port` */
  readonly commandApi: string;
  readonly queryApi: string;
  /** The network between command-api and the event store. */
  readonly eventStore: TcpProxy;
  /** A token of staff for reading and writing. */
  readonly token: string;
  readonly issueToken: (lifetimeSeconds: number) => Promise<string>;
  close(): Promise<void>;
}

export async function startWholeSystem(queryBaseUrl: string): Promise<WholeSystem> {
  const keys = await mkdtemp(join(tmpdir(), 'orderlog-keys-'));
  const [issuer, store, database] = await Promise.all([
    openEmbeddedIssuer(keys),
    startTestEventStore(),
    freshDatabase(),
  ]);
  await identify(store.url);
  const logger = createLogger('system', 'silent');
  const shared = { host: '127.0.0.1', port: 0, eventStoreUrl: store.url, ...issuer };
  const network = await startTcpProxy(Number(new URL(store.url).port));
  const eventStoreUrl = `esdb://127.0.0.1:${network.port}?tls=false`;
  const command = await startCommandApi(
    { ...shared, eventStoreUrl, queryBaseUrl, requireIfMatch: false },
    logger,
  );
  const query = await startQueryApi({ ...shared, postgresUrl: database.url, elasticsearch: null }, logger);
  const eventStore = new DbClientEventStore({ connectionString: store.url });
  const stop = new AbortController();
  const projecting = new OrdersFollower({ eventStore, postgresUrl: database.url, logger }).run(stop.signal);
  const issueToken = (lifetimeSeconds: number) =>
    issuer.issueToken({ tenant: 'default', scopes: ['orders:read', 'orders:write'], lifetimeSeconds });
  return {
    commandApi: `127.0.0.1:${command.port}`,
    queryApi: `127.0.0.1:${query.port}`,
    eventStore: network,
    token: await issueToken(600),
    issueToken,
    async close() {
      stop.abort();
      await projecting;
      await Promise.all([command.close(), query.close(), eventStore.close()]);
      await network.close();
      await Promise.all([store.close(), database.drop(), rm(keys, { recursive: true, force: true })]);
    },
  };
}

/**
 * Writes the store's identity beforehand. Otherwise the first client would write it, and only one client in a
 * process may append: here that is command-api's.
 */
async function identify(url: string): Promise<void> {
  const store = new DbClientEventStore({ connectionString: url });
  await storeIdentity(store);
  await store.close();
}
