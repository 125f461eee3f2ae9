import {
  envEventStoreUrl,
  envFlag,
  envHttpUrl,
  envInteger,
  envJwksUrl,
  envPort,
  envText,
  readConfig,
} from '#platform/config.js';

export interface CommandApiSettings {
  readonly host: string;
  readonly port: number;
  readonly eventStoreUrl: string;
  readonly queryBaseUrl: string;
  readonly requireIfMatch: boolean;
  readonly stateCacheMb: number;
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
}

/** @throws ConfigError */
export function settingsFromEnvironment(): CommandApiSettings {
  return readConfig({
    host: envText('ORDERLOG_HOST', '127.0.0.1'),
    port: envPort('ORDERLOG_PORT', 3000),
    eventStoreUrl: envEventStoreUrl('ORDERLOG_EVENT_STORE_URL'),
    queryBaseUrl: envHttpUrl('ORDERLOG_QUERY_BASE_URL'),
    requireIfMatch: envFlag('ORDERLOG_REQUIRE_IF_MATCH', false),
    stateCacheMb: envInteger('ORDERLOG_STATE_CACHE_MB', { min: 0, max: 16_384, otherwise: 192 }),
    jwksUrl: envJwksUrl('ORDERLOG_JWKS_URL'),
    issuer: envText('ORDERLOG_JWT_ISSUER'),
    audience: envText('ORDERLOG_JWT_AUDIENCE'),
  });
}
