import { readConfig } from '#platform/config.js';
import { envHost, envPort, envPostgresUrl } from '#platform/env-settings.js';

export interface EventStoreSettings {
  readonly postgresUrl: string;
  readonly port: number;
  readonly host: string;
}

/** @throws ConfigError */
export function settingsFromEnvironment(): EventStoreSettings {
  return readConfig({
    postgresUrl: envPostgresUrl('ORDERLOG_POSTGRES_URL'),
    port: envPort('ORDERLOG_PORT', 2113),
    host: envHost('ORDERLOG_HOST', '127.0.0.1'),
  });
}
