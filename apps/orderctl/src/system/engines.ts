import pg from 'pg';
import { overridden, readConfig } from '#platform/config.js';
import type { KafkaConfig } from '#platform/kafka-settings.js';
import {
  elasticsearchOf,
  indexPrefixOf,
  searchEngineSettings,
  type ElasticsearchConfig,
} from '#platform/search-settings.js';
import { openElasticsearchClient } from '#read-models/search/elasticsearch/open-client.js';
import { CliError, oneLine } from '../support/cli-error.js';
import { addresses, givenUrl, type Address } from '../support/connection.js';
import { kafkaNamed } from '../support/kafka.js';
import { withEventStore } from '../support/event-store.js';

/** Engines that run elsewhere; null: the embedded one is used, or, for Elasticsearch and Kafka, none. */
export interface ChosenEngines {
  readonly eventStoreUrl: string | null;
  /** Holds the read models, and the events too where the event store is the embedded one. */
  readonly postgresUrl: string | null;
  readonly elasticsearch: ElasticsearchConfig | null;
  readonly kafka: KafkaConfig | null;
  /** The option or variable that named each engine, for error messages. */
  readonly givenBy: Readonly<Record<'eventStore' | 'postgres' | 'elasticsearch', string>>;
}

interface EngineOptions {
  readonly eventStore?: string;
  readonly postgres?: string;
  readonly elasticsearch?: string;
  readonly kafka?: string;
}

/**
 * Options first, then the environment, in the same way as every other command. With options only, the other
 * commands would read the environment and look at another system than this one.
 *
 * @throws UsageError, ConfigError when an address is invalid, or settings contradict each other
 */
export function chosenEngines(options: EngineOptions): ChosenEngines {
  const eventStore = named('eventStoreUrl', '--event-store', options.eventStore);
  const postgres = named('postgresUrl', '--postgres', options.postgres);
  const elasticsearch = named('elasticsearchUrl', '--elasticsearch', options.elasticsearch);
  const given: Record<string, string> =
    elasticsearch.url === null ? {} : { ORDERLOG_ELASTICSEARCH_URL: elasticsearch.url };
  const search = readConfig(searchEngineSettings, overridden(process.env, given));
  indexPrefixOf(search); // checked here: the projector would end with the same error at each restart
  return {
    eventStoreUrl: eventStore.url,
    postgresUrl: postgres.url,
    elasticsearch: elasticsearchOf(search),
    kafka: kafkaNamed(options),
    givenBy: { eventStore: eventStore.by, postgres: postgres.by, elasticsearch: elasticsearch.by },
  };
}

function named(
  which: Address,
  flag: string,
  option: string | undefined,
): { readonly url: string | null; readonly by: string } {
  const url = givenUrl(which, option, flag) ?? null;
  return { url, by: option === undefined ? addresses[which].setting.variable : flag };
}

/**
 * The variables that named an engine. They are shown before anything is written, because they may have been
 * exported for another command.
 */
export function variablesUsed({ eventStoreUrl, postgresUrl, givenBy }: ChosenEngines): readonly string[] {
  const used = [
    ...(eventStoreUrl === null ? [] : [givenBy.eventStore]),
    ...(postgresUrl === null ? [] : [givenBy.postgres]),
  ];
  return used.filter((by) => !by.startsWith('--'));
}

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Reports a wrong address at once, instead of an app that waits for it. Without Elasticsearch everything but
 * search works, so its absence is only reported.
 *
 * @throws CliError when the event store or PostgreSQL does not answer
 */
export async function ensureEnginesAnswer(
  engines: ChosenEngines,
  tell: (line: string) => void,
): Promise<void> {
  const { eventStoreUrl, postgresUrl, elasticsearch, givenBy } = engines;
  if (postgresUrl !== null) await answers(givenBy.postgres, 'PostgreSQL', () => askPostgres(postgresUrl));
  if (eventStoreUrl !== null) {
    await answers(givenBy.eventStore, 'the event store', () =>
      withEventStore(eventStoreUrl, (store) => store.headPosition()),
    );
  }
  if (elasticsearch !== null) {
    const asked = answers(givenBy.elasticsearch, 'Elasticsearch', () => askElasticsearch(elasticsearch));
    await asked.catch((error: CliError) => tell(`${error.message}; searches in it work once it answers`));
  }
}

async function answers(givenBy: string, name: string, ask: () => Promise<unknown>): Promise<void> {
  try {
    await ask();
  } catch (error) {
    const why = error instanceof Error ? oneLine(error.message || error.name) : String(error);
    throw new CliError(`${name} given by ${givenBy} does not answer: ${why}`, { cause: error });
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

async function askElasticsearch(config: ElasticsearchConfig): Promise<void> {
  const client = await openElasticsearchClient(config);
  try {
    await client.cluster.health({}, { requestTimeout: CONNECT_TIMEOUT_MS });
  } finally {
    await client.close();
  }
}
