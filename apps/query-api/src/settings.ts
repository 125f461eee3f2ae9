import { envEventStoreUrl } from '#event-store/event-store-url.js';
import { envJwksUrl } from '#platform/auth/jwks-url.js';
import { readConfig } from '#platform/config.js';
import { envDrainDelayMs, envHost, envPort, envPostgresUrl, envText } from '#platform/env-settings.js';
import {
  elasticsearchOf,
  elasticsearchSettings,
  type ElasticsearchConfig,
} from '#platform/search-settings.js';

export interface QueryApiSettings {
  readonly host: string;
  readonly port: number;
  readonly postgresUrl: string;
  readonly eventStoreUrl: string;
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
  /** How long the app goes on answering after it reports that it is not ready. */
  readonly drainDelayMs?: number;
  /** How long the client of an export may take nothing. */
  readonly exportStalledAfterMs?: number;
  /** null: none is configured. */
  readonly elasticsearch: ElasticsearchConfig | null;
}

/** @throws ConfigError */
export function settingsFromEnvironment(): QueryApiSettings {
  const settings = readConfig({
    host: envHost('ORDERLOG_HOST', '127.0.0.1'),
    port: envPort('ORDERLOG_PORT', 3001),
    postgresUrl: envPostgresUrl('ORDERLOG_POSTGRES_URL'),
    eventStoreUrl: envEventStoreUrl('ORDERLOG_EVENT_STORE_URL'),
    jwksUrl: envJwksUrl('ORDERLOG_JWKS_URL'),
    issuer: envText('ORDERLOG_JWT_ISSUER'),
    audience: envText('ORDERLOG_JWT_AUDIENCE'),
    drainDelayMs: envDrainDelayMs,
    ...elasticsearchSettings,
  });
  return { ...settings, elasticsearch: elasticsearchOf(settings) };
}
