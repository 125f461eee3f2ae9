interface SettingDocumentation {
  meaning: string;
  /** What holds when the variable is not set; `required` when an app that reads it will not start. */
  otherwise: string;
  readBy: string;
}

/** Every environment variable orderlog knows. docs/configuration.md is generated from this table. */
export const configNames = {
  ORDERLOG_POSTGRES_URL: {
    meaning: 'PostgreSQL of the read models (for event-store: of the events), as a postgres:// URL.',
    otherwise: 'required',
    readBy: 'query-api, projector, event-store, orderctl',
  },
  ORDERLOG_EVENT_STORE_URL: {
    meaning: 'The event store: esdb://[USER:PASSWORD@]HOST:PORT[,…] or esdb+discover://HOST.',
    otherwise: 'required',
    readBy: 'command-api, query-api, projector, orderctl',
  },
  ORDERLOG_SEARCH_ENGINE: {
    meaning:
      'What orders are searched in: postgres or elasticsearch. A change builds the other beside it, then flips.',
    otherwise: 'elasticsearch where ORDERLOG_ELASTICSEARCH_URL is set, else postgres',
    readBy: 'projector',
  },
  ORDERLOG_ELASTICSEARCH_URL: {
    meaning: 'Elasticsearch 9, as an http: or https: URL; user and password may stand in it.',
    otherwise: 'none: PostgreSQL searches',
    readBy: 'projector, query-api, orderctl',
  },
  ORDERLOG_ELASTICSEARCH_API_KEY: {
    meaning: 'The API key to send to it, encoded as Elasticsearch gives it.',
    otherwise: 'none',
    readBy: 'projector, query-api, orderctl',
  },
  ORDERLOG_ELASTICSEARCH_CA_FILE: {
    meaning: "A PEM file with the authority that signed its certificate, where Node doesn't know it.",
    otherwise: "Node's own authorities",
    readBy: 'projector, query-api, orderctl',
  },
  ORDERLOG_ELASTICSEARCH_INDEX_PREFIX: {
    meaning: 'What the names of new indexes begin with; lower-case letters, digits and dashes.',
    otherwise: 'orderlog',
    readBy: 'projector',
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
    meaning: 'Where the public keys of the token issuer are: an https:, http: or file: URL.',
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
