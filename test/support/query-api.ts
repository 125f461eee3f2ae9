import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import type { ExactEventStore } from '#event-store/port.js';
import { storeIdentity, storeMarkOf } from '#event-store/store-identity.js';
import { openEmbeddedIssuer } from '#platform/auth/embedded-issuer.js';
import { createLogger } from '#platform/logging.js';
import { encodeOrderPosition } from '#platform/order-position.js';
import { ReadModelKeeper, type ReadModelKeeperOptions } from '#projections/generations/read-model-keeper.js';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';
import { startQueryApi } from '../../apps/query-api/src/start.js';
import type { QueryApiSettings } from '../../apps/query-api/src/settings.js';
import type { TokenOptions } from './command-api.js';
import { freshDatabase } from './database.js';
import { startTestEventStore } from './event-store.js';
import { startTcpProxy, through, type TcpProxy } from './tcp-proxy.js';
import { until } from './until.js';

const CAUGHT_UP_WITHIN_MS = 60_000;

export interface Asking {
  token?: string | null;
  method?: string;
  /** A JSON value, or text to be sent as it is. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
}

export interface QueryAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed where the answer is JSON, otherwise empty. */
  readonly body: Record<string, unknown>;
}

/**
 * query-api with everything that it reads from: a real event store, a real PostgreSQL, and a projector between
 * them.
 */
export interface TestQuerySystem {
  readonly url: string;
  readonly postgresUrl: string;
  /** Tests write orders into it. */
  readonly eventStore: ExactEventStore;
  /** The networks between query-api and its stores, except where noted. */
  readonly networks: {
    readonly eventStore: TcpProxy;
    readonly postgres: TcpProxy;
    /** null: there is no Elasticsearch. */
    readonly elasticsearch: TcpProxy | null;
    /** Between the projector and Elasticsearch. */
    readonly indexing: TcpProxy | null;
  };
  token(options?: TokenOptions): Promise<string>;
  /** Sends a GET as staff, by default. */
  ask(path: string, asking?: Asking): Promise<QueryAnswer>;
  /**
   * Starts a further query-api on the same stores, which is closed with the system.
   * @param changes of its settings, such as the address of another node of that event store
   */
  another(changes?: Partial<QueryApiSettings>): Promise<Pick<TestQuerySystem, 'url' | 'ask'>>;
  /** Mark of its event store, as positions carry it. */
  storeMark(): Promise<string>;
  /** A header that makes a read wait for everything that is in the event store now. */
  upToDate(): Promise<{ 'consistent-with': string }>;
  /**
   * As `upToDate`, but returns only once orders are shown with the header: on a busy machine that may take longer than
   * one read waits.
   */
  caughtUp(): Promise<{ 'consistent-with': string }>;
  /** @param indexPrefix prefix of its search index; by default orders are searched in PostgreSQL */
  startProjector(indexPrefix?: string | null): void;
  stopProjector(): Promise<void>;
  close(): Promise<void>;
}

/** @param elasticsearchUrl given to query-api and projector; by default there is no Elasticsearch */
export async function startTestQuerySystem(elasticsearchUrl: string | null = null): Promise<TestQuerySystem> {
  const keys = await mkdtemp(join(tmpdir(), 'orderlog-keys-'));
  const [issuer, store, database] = await Promise.all([
    openEmbeddedIssuer(keys),
    startTestEventStore(),
    freshDatabase(),
  ]);
  const networks = {
    eventStore: await startTcpProxy(Number(new URL(store.url).port)),
    postgres: await startTcpProxy(Number(new URL(database.url).port)),
    elasticsearch: await proxyOf(elasticsearchUrl),
    indexing: await proxyOf(elasticsearchUrl),
  };
  const elasticsearchOver = (network: TcpProxy | null) =>
    network && { url: through(network, elasticsearchUrl!), apiKey: null, caFile: null };
  const elasticsearch = elasticsearchOver(networks.elasticsearch);
  const logger = createLogger('query-api', 'silent');
  const settings = {
    host: '127.0.0.1',
    port: 0,
    postgresUrl: through(networks.postgres, database.url),
    eventStoreUrl: through(networks.eventStore, store.url),
    elasticsearch,
    ...issuer,
  };
  const apis = [await startQueryApi(settings, logger)];
  const api = apis[0]!;
  const eventStore = new DbClientEventStore({ connectionString: store.url });
  const token = ({ scopes = ['orders:read'], ...rest }: TokenOptions = {}) =>
    issuer.issueToken({ tenant: 'default', scopes, lifetimeSeconds: 600, ...rest });
  const staff = await token();
  const url = `http://127.0.0.1:${api.port}`;
  const storeMark = async () => storeMarkOf(await storeIdentity(eventStore));
  const upToDate = async () => {
    const store = await storeMark();
    const position = (await eventStore.headPosition()) ?? 0n;
    return { 'consistent-with': encodeOrderPosition({ position, store, orderId: null, revision: null }) };
  };
  let stopProjector = async () => {};
  return {
    url,
    postgresUrl: database.url,
    eventStore,
    networks,
    token,
    storeMark,
    ask: (path, asking = {}) => ask(url + path, { token: staff, ...asking }),
    async another(changes = {}) {
      const more = await startQueryApi({ ...settings, ...changes }, logger);
      apis.push(more);
      const url = `http://127.0.0.1:${more.port}`;
      return { url, ask: (path, asking = {}) => ask(url + path, { token: staff, ...asking }) };
    },
    upToDate,
    async caughtUp() {
      const headers = await upToDate();
      await until(
        'orders are shown as they are in the event store',
        async () => (await ask(`${url}/v1/orders?limit=1`, { token: staff, headers })).status === 200,
        CAUGHT_UP_WITHIN_MS,
      );
      return headers;
    },
    startProjector(indexPrefix = null) {
      const indexing = elasticsearchOver(networks.indexing);
      const elasticsearch = indexing && createElasticsearchClient(indexing);
      const postgresUrl = database.url;
      stopProjector = runProjector({ eventStore, postgresUrl, logger, elasticsearch, indexPrefix });
    },
    stopProjector: () => stopProjector(),
    async close() {
      await stopProjector();
      await Promise.all(apis.map((one) => one.close()));
      await Promise.all([...Object.values(networks), eventStore].map(async (one) => one?.close()));
      await Promise.all([store.close(), database.drop(), rm(keys, { recursive: true, force: true })]);
    },
  };
}

/** Keeps the read models from now on. @returns what ends that, and closes the client of Elasticsearch */
function runProjector(options: ReadModelKeeperOptions): () => Promise<void> {
  const abort = new AbortController();
  const running = new ReadModelKeeper(options).run(abort.signal);
  return async () => {
    abort.abort();
    await running;
    await options.elasticsearch?.close();
  };
}

async function proxyOf(url: string | null): Promise<TcpProxy | null> {
  return url === null ? null : startTcpProxy(Number(new URL(url).port));
}

async function ask(url: string, { token, method = 'GET', body, headers }: Asking): Promise<QueryAnswer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson =
    /json/.test(response.headers.get('content-type') ?? '') &&
    !/ndjson/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : {},
  };
}
