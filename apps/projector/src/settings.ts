import { envEventStoreUrl } from '#event-store/event-store-url.js';
import { readConfig } from '#platform/config.js';
import { envHost, envPort, envPostgresUrl } from '#platform/env-settings.js';
import { kafkaOf, kafkaSettings, type KafkaConfig } from '#platform/kafka-settings.js';
import {
  elasticsearchOf,
  indexPrefixOf,
  searchEngineSettings,
  type ElasticsearchConfig,
} from '#platform/search-settings.js';

export interface ProjectorSettings {
  readonly postgresUrl: string;
  readonly eventStoreUrl: string;
  readonly host: string;
  readonly port: number;
  /** null: none is configured. */
  readonly elasticsearch: ElasticsearchConfig | null;
  /** What the names of search indexes begin with; null: PostgreSQL searches. */
  readonly indexPrefix: string | null;
  /** null: none is configured, and nothing is relayed. */
  readonly kafka: KafkaConfig | null;
}

/** @throws ConfigError */
export function settingsFromEnvironment(): ProjectorSettings {
  const settings = readConfig({
    postgresUrl: envPostgresUrl('ORDERLOG_POSTGRES_URL'),
    eventStoreUrl: envEventStoreUrl('ORDERLOG_EVENT_STORE_URL'),
    host: envHost('ORDERLOG_HOST', '127.0.0.1'),
    port: envPort('ORDERLOG_PORT', 3002),
    ...searchEngineSettings,
  });
  return {
    ...settings,
    elasticsearch: elasticsearchOf(settings),
    indexPrefix: indexPrefixOf(settings),
    kafka: kafkaOf(readConfig(kafkaSettings)),
  };
}
