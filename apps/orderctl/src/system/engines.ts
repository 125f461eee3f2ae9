import pg from 'pg';
import { overridden, readConfig } from '#platform/config.js';
import type { KafkaPlace } from '#platform/kafka-settings.js';
import {
  elasticsearchOf,
  indexPrefixOf,
  searchEngineSettings,
  type ElasticsearchPlace,
} from '#platform/search-settings.js';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';
import { CliError, oneLine } from '../support/cli-error.js';
import { addresses, checkUrl } from '../support/connection.js';
import { kafkaNamed } from '../support/kafka.js';
import { withEventStore } from '../support/event-store.js';

/** Engines that run elsewhere; null: the embedded one takes its place, or nothing does. */
export interface ChosenEngines {
  readonly eventStoreUrl: string | null;
  /** Of the read models; of the events too, where the event store is the embedded one. */
  readonly postgresUrl: string | null;
  readonly elasticsearch: ElasticsearchPlace | null;
  readonly kafka: KafkaPlace | null;
}

interface EngineOptions {
  readonly eventStore?: string;
  readonly postgres?: string;
  readonly elasticsearch?: string;
  readonly kafka?: string;
}

/**
 * What the options say, and for engines beside the system the environment too.
 *
 * @throws UsageError, ConfigError when an address is none, or settings contradict each other
 */
export function chosenEngines(options: EngineOptions): ChosenEngines {
  const elasticsearchUrl = urlOf('elasticsearch', options.elasticsearch, 'elasticsearchUrl');
  const given: Record<string, string> =
    elasticsearchUrl === null ? {} : { ORDERLOG_ELASTICSEARCH_URL: elasticsearchUrl };
  const search = readConfig(searchEngineSettings, overridden(process.env, given));
  indexPrefixOf(search); // the projector would end with the same line, again and again
  return {
    eventStoreUrl: urlOf('event-store', options.eventStore, 'eventStoreUrl'),
    postgresUrl: urlOf('postgres', options.postgres, 'postgresUrl'),
    elasticsearch: elasticsearchOf(search),
    kafka: kafkaNamed(options),
  };
}

function urlOf(option: string, text: string | undefined, kind: keyof typeof addresses): string | null {
  return text === undefined ? null : checkUrl(text, `--${option}`, addresses[kind].protocols);
}

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * A wrong address is better heard of now than from an app that waits for it. Without Elasticsearch
 * everything but search works, so its absence is told and no more.
 *
 * @throws CliError when the event store or PostgreSQL does not answer
 */
export async function ensureEnginesAnswer(
  engines: ChosenEngines,
  tell: (line: string) => void,
): Promise<void> {
  const { eventStoreUrl, postgresUrl, elasticsearch } = engines;
  if (postgresUrl !== null) await answers('--postgres', 'PostgreSQL', () => askPostgres(postgresUrl));
  if (eventStoreUrl !== null) {
    await answers('--event-store', 'the event store', () =>
      withEventStore(eventStoreUrl, (store) => store.headPosition()),
    );
  }
  if (elasticsearch !== null) {
    const asked = answers('--elasticsearch', 'Elasticsearch', () => askElasticsearch(elasticsearch));
    await asked.catch((error: CliError) => tell(`${error.message}; search answers when it does`));
  }
}

async function answers(option: string, name: string, ask: () => Promise<unknown>): Promise<void> {
  try {
    await ask();
  } catch (error) {
    const why = error instanceof Error ? oneLine(error.message || error.name) : String(error);
    throw new CliError(`${name} given by ${option} does not answer: ${why}`, { cause: error });
  }
}

async function askPostgres(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  try {
    await client.connect();
    await client.query('SELECT 1');
  } finally {
    await client.end();
  }
}

async function askElasticsearch(place: ElasticsearchPlace): Promise<void> {
  const client = createElasticsearchClient(place);
  try {
    await client.cluster.health({}, { requestTimeout: CONNECT_TIMEOUT_MS });
  } finally {
    await client.close();
  }
}
