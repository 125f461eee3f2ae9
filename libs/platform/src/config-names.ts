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
      'PostgreSQL of the read models (for event-store: of the events), as a postgres:// URL. For TLS, add `?sslmode=verify-full&sslrootcert=FILE`.',
    otherwise: 'required',
    readBy: 'query-api, projector, event-store, orderctl',
    secret: true,
  },
  ORDERLOG_EVENT_STORE_URL: {
    meaning: 'The event store, as esdb://[USER:PASSWORD@]HOST:PORT[,…] or esdb+discover://HOST.',
    otherwise: 'required',
    readBy: 'command-api, query-api, projector, orderctl',
    secret: true,
  },
  ORDERLOG_SEARCH_ENGINE: {
    meaning:
      'Where orders are searched: postgres or elasticsearch. After a change, the other engine is filled beside the current one and then takes over.',
    otherwise: 'elasticsearch if ORDERLOG_ELASTICSEARCH_URL is set, otherwise postgres',
    readBy: 'projector',
  },
  ORDERLOG_ELASTICSEARCH_URL: {
    meaning:
      'Elasticsearch 9, as an http: or https: URL, which may hold a user and a password. Several nodes of one cluster are separated by commas; all have the same scheme and login.',
    otherwise: 'none: orders are searched in PostgreSQL',
    readBy: 'projector, query-api, orderctl',
    secret: true,
  },
  ORDERLOG_ELASTICSEARCH_API_KEY: {
    meaning:
      'API key for Elasticsearch, encoded as Elasticsearch gives it. With a key, the URL must not hold a user or a password.',
    otherwise: 'none',
    readBy: 'projector, query-api, orderctl',
    secret: true,
  },
  ORDERLOG_ELASTICSEARCH_CA_FILE: {
    meaning:
      'PEM file with the authority that signed the certificate of Elasticsearch, if Node does not know that authority. The URL must be an https: URL.',
    otherwise: "Node's own authorities",
    readBy: 'projector, query-api, orderctl',
  },
  ORDERLOG_ELASTICSEARCH_INDEX_PREFIX: {
    meaning: 'Prefix of the names of new indexes: lower-case letters, digits and dashes.',
    otherwise: 'orderlog',
    readBy: 'projector',
  },
  ORDERLOG_KAFKA_BROKERS: {
    meaning:
      'Kafka brokers that order events are relayed to: HOST:PORT of some brokers of the cluster, separated by commas.',
    otherwise: 'none: nothing is relayed',
    readBy: 'projector, orderctl',
  },
  ORDERLOG_KAFKA_TOPIC: {
    meaning:
      'Topic that order events are relayed to. A topic that the relay has not used before gets all events from the first on.',
    otherwise: 'orders.events.v1',
    readBy: 'projector, orderctl',
  },
  ORDERLOG_KAFKA_PARTITIONS: {
    meaning: 'Number of partitions of the topic if it has to be created. An existing topic is left as it is.',
    otherwise: '6',
    readBy: 'projector, orderctl',
  },
  ORDERLOG_KAFKA_REPLICATION: {
    meaning: 'Number of copies that Kafka keeps of each partition if the topic has to be created.',
    otherwise: "the broker's default",
    readBy: 'projector, orderctl',
  },
  ORDERLOG_KAFKA_RETENTION_HOURS: {
    meaning: 'How many hours Kafka keeps a message if the topic has to be created; -1: for ever.',
    otherwise: "the broker's default",
    readBy: 'projector, orderctl',
  },
  ORDERLOG_KAFKA_COMPRESSION: {
    meaning: 'Compression of messages: none or gzip.',
    otherwise: 'none',
    readBy: 'projector, orderctl',
  },
  ORDERLOG_KAFKA_TLS: {
    meaning: 'If true, connections to Kafka use TLS.',
    otherwise: 'false',
    readBy: 'projector, orderctl',
  },
  ORDERLOG_KAFKA_CA_FILE: {
    meaning:
      'PEM file with the authority that signed the certificate of Kafka, if Node does not know that authority.',
    otherwise: "Node's own authorities",
    readBy: 'projector, orderctl',
  },
  ORDERLOG_KAFKA_SASL_MECHANISM: {
    meaning: 'Login mechanism of Kafka: plain, scram-sha-256 or scram-sha-512.',
    otherwise: 'no login',
    readBy: 'projector, orderctl',
  },
  ORDERLOG_KAFKA_SASL_USERNAME: {
    meaning: 'User name for the login to Kafka.',
    otherwise: 'required if ORDERLOG_KAFKA_SASL_MECHANISM is set',
    readBy: 'projector, orderctl',
  },
  ORDERLOG_KAFKA_SASL_PASSWORD: {
    meaning: 'Password for the login to Kafka.',
    otherwise: 'required if ORDERLOG_KAFKA_SASL_MECHANISM is set',
    readBy: 'projector, orderctl',
    secret: true,
  },
  ORDERLOG_HOST: {
    meaning:
      'Address to listen on. With 0.0.0.0 or ::, the app can be reached from the network; event-store asks for no login there.',
    otherwise: '127.0.0.1',
    readBy: 'command-api, query-api, projector, event-store',
  },
  ORDERLOG_PORT: {
    meaning: 'Port to listen on; 0: any free port.',
    otherwise: '3000 (command-api), 3001 (query-api), 3002 (projector), 2113 (event-store)',
    readBy: 'command-api, query-api, projector, event-store',
  },
  ORDERLOG_JWKS_URL: {
    meaning:
      'Where the public keys of the token issuer are: an https:, http: or file: URL. A file must exist when the app starts.',
    otherwise: 'required',
    readBy: 'command-api, query-api',
  },
  ORDERLOG_JWT_ISSUER: {
    meaning: 'Value of `iss` that every token must carry.',
    otherwise: 'required',
    readBy: 'command-api, query-api',
  },
  ORDERLOG_JWT_AUDIENCE: {
    meaning: 'Value of `aud` that every token must carry.',
    otherwise: 'required',
    readBy: 'command-api, query-api',
  },
  ORDERLOG_QUERY_BASE_URL: {
    meaning: 'URL at which clients reach query-api; `Location` headers begin with it.',
    otherwise: 'required',
    readBy: 'command-api',
  },
  ORDERLOG_REQUIRE_IF_MATCH: {
    meaning: 'If true, a change of an existing order without `If-Match` is refused with 428.',
    otherwise: 'false',
    readBy: 'command-api',
  },
  ORDERLOG_SNAPSHOT_EVERY_EVENTS: {
    meaning:
      'A snapshot of an order is stored each time the order has this many more events, and also after a load that had to read a quarter as many. 0: no snapshots are stored or read.',
    otherwise: '100',
    readBy: 'command-api',
  },
  ORDERLOG_SNAPSHOT_CHECK_ONE_IN: {
    meaning:
      'One of this many loads from a snapshot is compared, in the background, with a fold of all events. 0: none is compared.',
    otherwise: '100',
    readBy: 'command-api',
  },
  ORDERLOG_STATE_CACHE_MB: {
    meaning:
      'Megabytes of memory for the states of recently used orders, so that these orders need not be loaded again. 0: no cache.',
    otherwise: '128',
    readBy: 'command-api',
  },
  ORDERLOG_DRAIN_DELAY_MS: {
    meaning:
      'How many milliseconds an app that is told to stop still takes requests, although it is not ready any more, so that every balancer notices. The app ends up to 10 s after that.',
    otherwise: '0',
    readBy: 'command-api, query-api',
  },
  ORDERLOG_LOG_LEVEL: {
    meaning: 'Lowest level that is logged: fatal, error, warn, info, debug, trace or silent.',
    otherwise: 'info',
    readBy: 'every app',
  },
  ORDERLOG_DATA: {
    meaning: 'Data folder of the embedded system, with its databases, key and addresses.',
    otherwise: '.orderlog in the clone',
    readBy: 'orderctl',
  },
  ORDERLOG_TOKEN: {
    meaning: 'Bearer token that orderctl sends.',
    otherwise: 'a token made with the key in the data folder',
    readBy: 'orderctl',
    secret: true,
  },
  ORDERLOG_COMMAND_URL: {
    meaning: 'URL at which orderctl reaches command-api.',
    otherwise: 'the address in the data folder',
    readBy: 'orderctl',
  },
  ORDERLOG_QUERY_URL: {
    meaning: 'URL at which orderctl reaches query-api.',
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
