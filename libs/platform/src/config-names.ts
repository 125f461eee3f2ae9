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
