import type pg from 'pg';
import type { KafkaConfig } from '#platform/kafka-settings.js';
import type { ElasticsearchConfig } from '#platform/search-settings.js';
import type { DbClientEventStore } from '#event-store/db-client-event-store.js';
import type { Generation } from '#read-models/generations/generation.js';
import { openElasticsearchClient } from '#read-models/search/elasticsearch/open-client.js';
import { oneLine } from '../support/cli-error.js';
import { openKafka } from '../support/kafka.js';

/** The engine behind one of the system's ports. */
export interface EngineStatus {
  readonly port: 'events' | 'read models' | 'search' | 'integration events';
  readonly engine: string;
  /** null: the engine does not tell its version, or does not answer. */
  readonly version: string | null;
  /** Further details: an index, a cluster, or why there is no answer; null: nothing. */
  readonly detail: string | null;
  /** The engine was asked and does not answer. */
  readonly away: boolean;
}

export interface KnownEngines {
  readonly eventStore: DbClientEventStore;
  readonly pool: pg.Pool;
  /** null: no generation of this release is active. */
  readonly generation: Generation | null | 'not known';
  /** null: no Elasticsearch is known here. */
  readonly elasticsearch: ElasticsearchConfig | null;
  readonly kafka: KafkaConfig | null;
}

/**
 * Ends the version that the embedded event store answers with; before it stands the EventStoreDB version whose
 * protocol it speaks.
 */
const EMBEDDED = /-orderlog$/;
const ANSWER_LIMIT_MS = 3_000;

/** Describes all engines. One that is away does not keep the others from being described. */
export function describeEngines(engines: KnownEngines): Promise<EngineStatus[]> {
  return Promise.all([
    eventsOf(engines),
    readModelsOf(engines),
    searchOf(engines),
    integrationEventsOf(engines),
  ]);
}

function eventsOf({ eventStore }: KnownEngines): Promise<EngineStatus> {
  // Which of the two it is, only its answer tells.
  return asked('events', 'event store', async () => {
    const version = await eventStore.serverVersion();
    if (!EMBEDDED.test(version)) return { engine: 'EventStoreDB', version };
    return {
      engine: 'embedded',
      version: null,
      detail: `protocol of EventStoreDB ${version.replace(EMBEDDED, '')}`,
    };
  });
}

function readModelsOf({
  pool,
  generation,
}: Pick<KnownEngines, 'pool' | 'generation'>): Promise<EngineStatus> {
  return asked('read models', 'PostgreSQL', async () => {
    const { rows } = await pool.query<{ server_version: string }>('SHOW server_version');
    const isKnown = generation !== null && generation !== 'not known';
    return { version: rows[0]!.server_version, detail: isKnown ? `schema ${generation.schema}` : null };
  });
}

async function searchOf({ pool, generation, elasticsearch }: KnownEngines): Promise<EngineStatus> {
  if (generation === null) return unasked('search', 'none');
  // Only PostgreSQL tells where orders are searched. If it does not answer, a named Elasticsearch may be the
  // place.
  if (generation === 'not known' && elasticsearch === null) return unasked('search', 'not known');
  const searchIndex = generation === 'not known' ? 'not known' : generation.searchIndex;
  if (searchIndex === null) return { ...(await readModelsOf({ pool, generation })), port: 'search' };
  const engine = 'Elasticsearch';
  if (elasticsearch === null)
    return unasked('search', engine, `index ${searchIndex}; give --elasticsearch-url to ask it`);
  const client = await openElasticsearchClient(elasticsearch);
  try {
    return await asked('search', engine, async () => {
      const { nodes } = await client.nodes.info(
        { filter_path: 'nodes.*.version' },
        { requestTimeout: ANSWER_LIMIT_MS },
      );
      const versions = new Set(Object.values(nodes).map((node) => node.version));
      return { version: [...versions].sort().join(', '), detail: `index ${searchIndex}` };
    });
  } finally {
    await client.close();
  }
}

async function integrationEventsOf({ kafka }: KnownEngines): Promise<EngineStatus> {
  const port = 'integration events';
  if (kafka === null) return unasked(port, 'none');
  const admin = (await openKafka(kafka)).admin();
  try {
    // Kafka's protocol has no call that tells the version of a broker.
    return await asked(port, 'Kafka', async () => {
      await admin.connect();
      const { brokers, clusterId } = await admin.describeCluster();
      return {
        version: null,
        detail: `cluster ${clusterId}, brokers: ${brokers.length}, topic ${kafka.topic}`,
      };
    });
  } finally {
    await admin.disconnect();
  }
}

function unasked(port: EngineStatus['port'], engine: string, detail: string | null = null): EngineStatus {
  return { port, engine, version: null, detail, away: false };
}

async function asked(
  port: EngineStatus['port'],
  engine: string,
  ask: () => Promise<{ engine?: string; version: string | null; detail?: string | null }>,
): Promise<EngineStatus> {
  try {
    return { port, engine, detail: null, ...(await ask()), away: false };
  } catch (error) {
    const why = error instanceof Error ? oneLine(error.message || error.name) : String(error);
    return { port, engine, version: null, detail: `does not answer: ${why}`, away: true };
  }
}
