import type { EmbeddedIssuer } from '#platform/auth/embedded-issuer.js';
import type { ChosenEngines } from './engines.js';
import type { AppDefinition } from './supervised-app.js';

export interface SystemSettings {
  readonly commandPort: number;
  readonly queryPort: number;
  /** Where the apps reach the event store: the embedded one's own address, or that of a store elsewhere. */
  readonly eventStoreUrl: string;
  readonly eventStorePort: number;
  readonly eventsUrl: string;
  readonly readUrl: string;
  readonly engines: Pick<ChosenEngines, 'elasticsearch' | 'kafka'>;
  readonly issuer: Pick<EmbeddedIssuer, 'jwksUrl' | 'issuer' | 'audience'>;
}

export const localUrl = (scheme: string, port: number): string => `${scheme}://127.0.0.1:${port}`;
/** The embedded store speaks without TLS, on loopback only. */
export const eventStoreUrl = (port: number): string => `${localUrl('esdb', port)}?tls=false`;

type Apps = Readonly<Record<'eventStore' | 'projector' | 'commandApi' | 'queryApi', AppDefinition>>;

/** The environment and flags of each app. docs/configuration.md describes the variables. */
export function appDefinitions(settings: SystemSettings): Apps {
  const { issuer } = settings;
  // No load balancer has to notice the end of these APIs, so they need no delay before draining.
  const api = { ORDERLOG_DRAIN_DELAY_MS: '' };
  const tokens = {
    ORDERLOG_JWKS_URL: issuer.jwksUrl,
    ORDERLOG_JWT_ISSUER: issuer.issuer,
    ORDERLOG_JWT_AUDIENCE: issuer.audience,
  };
  const store = { ORDERLOG_EVENT_STORE_URL: settings.eventStoreUrl };
  const readModels = { ORDERLOG_POSTGRES_URL: settings.readUrl, ...searchEnvironment(settings.engines) };
  return {
    eventStore: app('event-store', {
      // The protocol knows no tokens, so the store never listens on the network.
      ORDERLOG_HOST: '127.0.0.1',
      ORDERLOG_PORT: String(settings.eventStorePort),
      ORDERLOG_POSTGRES_URL: settings.eventsUrl,
    }),
    projector: app('projector', {
      ...store,
      ...readModels,
      ORDERLOG_KAFKA_BROKERS: settings.engines.kafka?.brokers.join() ?? '',
      ORDERLOG_HOST: '127.0.0.1',
      ORDERLOG_PORT: '0',
    }),
    commandApi: app('command-api', {
      ...api,
      ...store,
      ...tokens,
      ORDERLOG_PORT: String(settings.commandPort),
      ORDERLOG_QUERY_BASE_URL: localUrl('http', settings.queryPort),
    }),
    queryApi: app('query-api', {
      ...api,
      ...store,
      ...readModels,
      ...tokens,
      ORDERLOG_PORT: String(settings.queryPort),
    }),
  };
}

/**
 * An empty variable counts as not set. It keeps the app from reading the variable in orderctl's own environment,
 * whose values are already in the settings.
 */
function searchEnvironment({ elasticsearch }: SystemSettings['engines']): Record<string, string> {
  return {
    ORDERLOG_ELASTICSEARCH_URL: elasticsearch?.url ?? '',
    ORDERLOG_ELASTICSEARCH_API_KEY: elasticsearch?.apiKey ?? '',
    ORDERLOG_ELASTICSEARCH_CA_FILE: elasticsearch?.caFile ?? '',
  };
}

interface Heap {
  readonly oldMb: number;
  readonly youngMb: number;
  readonly firstMb?: number;
  readonly growthPercent?: number;
}

/**
 * Heap sizes in megabytes: the old space, and one half of the young space, of which Node keeps up to three as
 * garbage. The projector and command-api fold orders and need less CPU with a larger young space. command-api's
 * old space holds its cache of folded orders, so that a collection of the old space takes long: with
 * `growthPercent`, the next one comes only when the old space has grown by so much. query-api collects its old space
 * only from `firstMb` on: the answers of a search engine are large, and a collection every hundred answers would slow
 * the slowest searches.
 */
const heaps: Readonly<Record<AppDefinition['name'], Heap>> = {
  'event-store': { oldMb: 256, youngMb: 4 },
  projector: { oldMb: 384, youngMb: 16 },
  'command-api': { oldMb: 512, youngMb: 32, growthPercent: 100 },
  'query-api': { oldMb: 384, youngMb: 8, firstMb: 192 },
};

function app(name: AppDefinition['name'], environment: Readonly<Record<string, string>>): AppDefinition {
  return { name, environment, nodeFlags: nodeFlagsOf(name) };
}

export function nodeFlagsOf(name: AppDefinition['name']): readonly string[] {
  const { oldMb, youngMb, firstMb, growthPercent } = heaps[name];
  return [
    `--max-old-space-size=${oldMb}`,
    `--max-semi-space-size=${youngMb}`,
    ...(firstMb === undefined ? [] : [`--initial-old-space-size=${firstMb}`]),
    ...(growthPercent === undefined ? [] : [`--heap-growing-percent=${growthPercent}`]),
  ];
}
