import {
  envDrainDelayMs,
  envEventStoreUrl,
  envFlag,
  envHost,
  envHttpUrl,
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
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
  /** How long it goes on as if nothing were, once its readiness is red. */
  readonly drainDelayMs?: number;
}

/** @throws ConfigError */
export function settingsFromEnvironment(): CommandApiSettings {
  return readConfig({
    host: envHost('ORDERLOG_HOST', '127.0.0.1'),
    port: envPort('ORDERLOG_PORT', 3000),
    eventStoreUrl: envEventStoreUrl('ORDERLOG_EVENT_STORE_URL'),
    queryBaseUrl: envHttpUrl('ORDERLOG_QUERY_BASE_URL'),
    requireIfMatch: envFlag('ORDERLOG_REQUIRE_IF_MATCH', false),
    jwksUrl: envJwksUrl('ORDERLOG_JWKS_URL'),
    issuer: envText('ORDERLOG_JWT_ISSUER'),
    audience: envText('ORDERLOG_JWT_AUDIENCE'),
    drainDelayMs: envDrainDelayMs,
  });
}
