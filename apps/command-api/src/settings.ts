import { envEventStoreUrl } from '#event-store/event-store-url.js';
import { envJwksUrl } from '#platform/auth/jwks-url.js';
import { readConfig } from '#platform/config.js';
import {
  envDrainDelayMs,
  envFlag,
  envHost,
  envHttpUrl,
  envInteger,
  envPort,
  envText,
} from '#platform/env-settings.js';

export interface CommandApiSettings {
  readonly host: string;
  readonly port: number;
  readonly eventStoreUrl: string;
  readonly queryBaseUrl: string;
  readonly requireIfMatch: boolean;
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
  readonly loading?: LoadingSettings;
  /** How long the app goes on taking requests after its readiness has turned red. */
  readonly drainDelayMs?: number;
}

/** How orders are loaded and cached. */
export interface LoadingSettings {
  /** 0: orders are always folded from their first event on. */
  readonly snapshotEveryEvents: number;
  /** N: 1 of every N loads from a snapshot is compared with all events. 0: none is. */
  readonly snapshotCheckOneIn: number;
  readonly stateCacheMb: number;
}

export const defaultLoading: LoadingSettings = {
  snapshotEveryEvents: 100,
  snapshotCheckOneIn: 100,
  stateCacheMb: 128,
};

const { snapshotEveryEvents, snapshotCheckOneIn, stateCacheMb } = defaultLoading;
const everyEvents = { min: 0, max: 10_000, otherwise: snapshotEveryEvents };
const checkOneIn = { min: 0, max: 1_000_000_000, otherwise: snapshotCheckOneIn };
const cacheMb = { min: 0, max: 65_536, otherwise: stateCacheMb };
const loadingSettings = {
  snapshotEveryEvents: envInteger('ORDERLOG_SNAPSHOT_EVERY_EVENTS', everyEvents),
  snapshotCheckOneIn: envInteger('ORDERLOG_SNAPSHOT_CHECK_ONE_IN', checkOneIn),
  stateCacheMb: envInteger('ORDERLOG_STATE_CACHE_MB', cacheMb),
};

/** @throws ConfigError */
export function settingsFromEnvironment(): CommandApiSettings {
  const settings = readConfig({
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
  return { ...settings, loading: readConfig(loadingSettings) };
}
