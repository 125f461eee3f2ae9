interface SettingDocumentation {
  meaning: string;
  /** What holds when the variable is not set; `required` when an app that reads it will not start. */
  otherwise: string;
  readBy: string;
  /** Never shown; may be given in a file, named by the variable with `_FILE` after it. */
  secret?: true;
}

/** Every environment variable orderlog knows. docs/configuration.md is generated from this table. */
export const configNames = {
  ORDERLOG_POSTGRES_URL: {
    meaning:
      'PostgreSQL of the read models (for event-store: of the events), as a postgres:// URL; over TLS with `?sslmode=verify-full&sslrootcert=FILE`.',
    otherwise: 'required',
    readBy: 'query-api, projector, event-store, orderctl',
    secret: true,
  },
  ORDERLOG_EVENT_STORE_URL: {
    meaning: 'The event store: esdb://[USER:PASSWORD@]HOST:PORT[,…] or esdb+discover://HOST.',
    otherwise: 'required',
    readBy: 'command-api, query-api, projector, orderctl',
    secret: true,
  },
  ORDERLOG_SEARCH_ENGINE: {
    meaning:
      'What orders are searched in: postgres or elasticsearch. A change builds the other beside it, then flips.',
    otherwise: 'elasticsearch where ORDERLOG_ELASTICSEARCH_URL is set, else postgres',
    readBy: 'projector',
  },
  ORDERLOG_ELASTICSEARCH_URL: {
    meaning:
      'Elasticsearch 9, as an http: or https: URL; user and password may stand in it. Several nodes of one cluster with commas between, each with the same scheme and login.',
    otherwise: 'none: PostgreSQL searches',
    readBy: 'projector, query-api, orderctl',
    secret: true,
  },
  ORDERLOG_ELASTICSEARCH_API_KEY: {
    meaning:
      'The API key to send to it, encoded as Elasticsearch gives it; then no user or password stands in the URL.',
    otherwise: 'none',
    readBy: 'projector, query-api, orderctl',
    secret: true,
  },
  ORDERLOG_ELASTICSEARCH_CA_FILE: {
    meaning:
      "A PEM file with the authority that signed its certificate, where Node doesn't know it; the URL is https: then.",
    otherwise: "Node's own authorities",
    readBy: 'projector, query-api, orderctl',
  },
  ORDERLOG_ELASTICSEARCH_INDEX_PREFIX: {
    meaning: 'What the names of new indexes begin with; lower-case letters, digits and dashes.',
    otherwise: 'orderlog',
    readBy: 'projector',
  },
  ORDERLOG_KAFKA_BROKERS: {
    meaning: 'Kafka that order events are relayed to: HOST:PORT of some of its brokers, with commas between.',
    otherwise: 'none: nothing is relayed',
    readBy: 'projector, orderctl',
  },
  ORDERLOG_KAFKA_TOPIC: {
    meaning: 'The topic that order events go to. One that is new to the relay gets them from the first on.',
    otherwise: 'orders.events.v1',
    readBy: 'projector, orderctl',
  },
  ORDERLOG_KAFKA_PARTITIONS: {
    meaning: 'Partitions of the topic, should it have to be created. One that is there is left as it is.',
    otherwise: '6',
    readBy: 'projector, orderctl',
  },
  ORDERLOG_KAFKA_REPLICATION: {
    meaning: 'Copies that Kafka keeps of each partition, should the topic have to be created.',
    otherwise: "the broker's default",
    readBy: 'projector, orderctl',
  },
  ORDERLOG_KAFKA_RETENTION_HOURS: {
    meaning: 'How long Kafka keeps a message, should the topic have to be created; -1: for ever.',
    otherwise: "the broker's default",
    readBy: 'projector, orderctl',
  },
  ORDERLOG_KAFKA_COMPRESSION: {
    meaning: 'How messages are compressed: none or gzip.',
    otherwise: 'none',
    readBy: 'projector, orderctl',
  },
  ORDERLOG_KAFKA_TLS: {
    meaning: 'true: Kafka is reached by TLS.',
    otherwise: 'false',
    readBy: 'projector, orderctl',
  },
  ORDERLOG_KAFKA_CA_FILE: {
    meaning: "A PEM file with the authority that signed Kafka's certificate, where Node doesn't know it.",
    otherwise: "Node's own authorities",
    readBy: 'projector, orderctl',
  },
  ORDERLOG_KAFKA_SASL_MECHANISM: {
    meaning: 'How to log in to Kafka: plain, scram-sha-256 or scram-sha-512.',
    otherwise: 'no login',
    readBy: 'projector, orderctl',
  },
  ORDERLOG_KAFKA_SASL_USERNAME: {
    meaning: 'Who logs in to Kafka.',
    otherwise: 'required where a mechanism is given',
    readBy: 'projector, orderctl',
  },
  ORDERLOG_KAFKA_SASL_PASSWORD: {
    meaning: 'The password for it.',
    otherwise: 'required where a mechanism is given',
    readBy: 'projector, orderctl',
    secret: true,
  },
  ORDERLOG_HOST: {
    meaning: 'The address to listen on. 0.0.0.0 or :: opens the app to the network.',
    otherwise: '127.0.0.1',
    readBy: 'command-api, query-api, projector, event-store',
  },
  ORDERLOG_PORT: {
    meaning: 'The port to listen on; 0 takes a free one.',
    otherwise: '3000 (command-api), 3001 (query-api), 3002 (projector), 2113 (event-store)',
    readBy: 'command-api, query-api, projector, event-store',
  },
  ORDERLOG_JWKS_URL: {
    meaning:
      'Where the public keys of the token issuer are: an https:, http: or file: URL. A file is there at the start.',
    otherwise: 'required',
    readBy: 'command-api, query-api',
  },
  ORDERLOG_JWT_ISSUER: {
    meaning: 'The `iss` that every token must carry.',
    otherwise: 'required',
    readBy: 'command-api, query-api',
  },
  ORDERLOG_JWT_AUDIENCE: {
    meaning: 'The `aud` that every token must carry.',
    otherwise: 'required',
    readBy: 'command-api, query-api',
  },
  ORDERLOG_QUERY_BASE_URL: {
    meaning: 'Where clients reach query-api; `Location` headers begin with it.',
    otherwise: 'required',
    readBy: 'command-api',
  },
  ORDERLOG_REQUIRE_IF_MATCH: {
    meaning: 'true: a change of an existing order without `If-Match` is refused with 428.',
    otherwise: 'false',
    readBy: 'command-api',
  },
  ORDERLOG_SNAPSHOT_EVERY_EVENTS: {
    meaning:
      'A snapshot of an order is stored whenever it has so many more events, and when loading it took a quarter as many. 0: none is stored, and none is read.',
    otherwise: '100',
    readBy: 'command-api',
  },
  ORDERLOG_SNAPSHOT_CHECK_ONE_IN: {
    meaning: 'One load from a snapshot in so many is compared, in the background, with all events. 0: none.',
    otherwise: '100',
    readBy: 'command-api',
  },
  ORDERLOG_STATE_CACHE_MB: {
    meaning: 'Memory for the state of orders used lately, so that they need not be loaded. 0: none is kept.',
    otherwise: '192',
    readBy: 'command-api',
  },
  ORDERLOG_DRAIN_DELAY_MS: {
    meaning:
      'How long a stopping app goes on taking requests, its readiness red already, until every balancer has seen that. To end takes up to 10 s more.',
    otherwise: '0',
    readBy: 'command-api, query-api',
  },
  ORDERLOG_LOG_LEVEL: {
    meaning: 'How much is logged: fatal, error, warn, info, debug, trace or silent.',
    otherwise: 'info',
    readBy: 'every app',
  },
  ORDERLOG_DATA: {
    meaning: 'Folder of the embedded system: its databases, key and addresses.',
    otherwise: '.orderlog in the clone',
    readBy: 'orderctl',
  },
  ORDERLOG_TOKEN: {
    meaning: 'The bearer token orderctl sends.',
    otherwise: 'one made with the key in the data folder',
    readBy: 'orderctl',
    secret: true,
  },
  ORDERLOG_COMMAND_URL: {
    meaning: 'Where orderctl reaches command-api.',
    otherwise: 'the address in the data folder',
    readBy: 'orderctl',
  },
  ORDERLOG_QUERY_URL: {
    meaning: 'Where orderctl reaches query-api.',
    otherwise: 'the address in the data folder',
    readBy: 'orderctl',
  },
} satisfies Readonly<Record<`ORDERLOG_${string}`, SettingDocumentation>>;

export type ConfigName = keyof typeof configNames;

const documented: Readonly<Record<string, SettingDocumentation | undefined>> = configNames;

/** The variable that may name a file with the secret instead; null: the setting is no secret. */
export function fileVariable(variable: string): string | null {
  return documented[variable]?.secret === true ? `${variable}_FILE` : null;
}

/** Every variable that may be set. */
export const knownVariables: readonly string[] = Object.keys(configNames).flatMap((name) => [
  name,
  ...(fileVariable(name) === null ? [] : [`${name}_FILE`]),
]);
