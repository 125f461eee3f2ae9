import { setTimeout } from 'node:timers/promises';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import type { KafkaConfig } from '#platform/kafka-settings.js';
import type { Logger } from '#platform/logging.js';
import type { RelayTarget, TopicEnds } from '#read-models/stores/relay.store.js';
import { answeredError } from './kafka-errors.js';

/** A topic as it is. */
export interface Topic extends RelayTarget {
  readonly partitions: number;
  /** The largest batch of messages that it takes. */
  readonly batchMaxBytes: number;
  readonly ends: TopicEnds;
}

/**
 * Whether the topic lacks messages that it had: it was deleted, and perhaps made anew, or restored.
 * @param before its ends as far as they were known; null: an earlier release did not note them
 */
export function hasLost({ ends }: Pick<Topic, 'ends'>, before: TopicEnds | null): boolean {
  return ends.every((end) => end === 0n) || isBelow(ends, before ?? []);
}

/** Kafka never takes partitions away: where there are fewer, it is another topic. */
export function isBelow(ends: TopicEnds, before: TopicEnds): boolean {
  return before.some((end, partition) => (ends[partition] ?? -1n) < end);
}

/** The key of a message chooses among all partitions: of more, it would choose others for orders that are there. */
export class PartitionsAdded extends Error {
  constructor(topic: string, { found, before }: { readonly found: number; readonly before: number }) {
    super(
      `topic ${topic} has ${found} partitions instead of ${before}, which would split orders over two: give the projector another topic, or have the relay send everything again: orderctl relay renew; consumers recognise repeats by ce_id`,
    );
  }
}

/** @throws PartitionsAdded */
export function refuseAddedPartitions(topic: string, found: number, before: number): void {
  if (found > before) throw new PartitionsAdded(topic, { found, before });
}

const DEFAULT_PARTITIONS = 6;
/** Kafka's own default. */
const BATCH_MAX_BYTES = 1_048_588;
const BROKERS_DEFAULT = -1;
/** For brokers that are busy: their controller makes a topic, and they come to know of it one after another. */
const CREATE_LIMIT_MS = 25_000;
const LOOK_AGAIN_MS = 100;
const NOT_KNOWN_YET = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
]);

/**
 * Opens the topic, and creates it as asked for where there is none. An existing topic is left as it is: more
 * partitions would send the later messages of an order elsewhere than its earlier ones.
 * @throws when Kafka is away or refuses
 */
export function openTopic(kafka: Kafka, config: KafkaConfig, logger: Logger): Promise<Topic> {
  return asAdmin(kafka, async (admin) => {
    const { clusterId } = await admin.describeCluster();
    const known = (await admin.listTopics()).includes(config.topic);
    const created = !known && (await createTopic(admin, config));
    const topic = await asItIs(admin, config, clusterId, known ? 0 : CREATE_LIMIT_MS);
    const { partitions } = topic;
    if (created) logger.info({ topic: config.topic, partitions }, 'topic created');
    else if (config.partitions !== null && config.partitions !== partitions) {
      logger.warn(
        { topic: config.topic, partitions, askedFor: config.partitions },
        'the topic does not have the configured number of partitions, and stays as it is: a change would break the order of events',
      );
    }
    return topic;
  });
}

/** The topic as it is, or null where there is none. */
export function findTopic(kafka: Kafka, config: KafkaConfig): Promise<Topic | null> {
  return asAdmin(kafka, async (admin) => {
    const { clusterId } = await admin.describeCluster();
    if (!(await admin.listTopics()).includes(config.topic)) return null;
    return asItIs(admin, config, clusterId);
  });
}

/** The ends of the topic as it is now, by a connection of its own that knows nothing of what it was. */
export function readEnds(kafka: Kafka, topic: string): Promise<TopicEnds> {
  return asAdmin(kafka, (admin) => endsOf(admin, topic));
}

async function asAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

async function endsOf(admin: Admin, topic: string): Promise<TopicEnds> {
  const offsets = await admin.fetchTopicOffsets(topic);
  return offsets.toSorted((a, b) => a.partition - b.partition).map(({ high }) => BigInt(high));
}

/** @param patienceMs for a topic that was just made, which brokers may not know yet */
async function asItIs(admin: Admin, config: KafkaConfig, clusterId: string, patienceMs = 0): Promise<Topic> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await described(admin, config, clusterId);
    } catch (error) {
      if (answeredError(error, NOT_KNOWN_YET) === null || performance.now() >= deadline) throw error;
    }
    await setTimeout(LOOK_AGAIN_MS);
  }
}

async function described(admin: Admin, config: KafkaConfig, clusterId: string): Promise<Topic> {
  const { topic } = config;
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const ends = await endsOf(admin, topic);
  return {
    ...{ clusterId, topic, partitions: topics[0]!.partitions.length },
    batchMaxBytes: await batchMaxBytes(admin, config),
    ends,
  };
}

/** @returns false when somebody else was quicker */
function createTopic(
  admin: Admin,
  { topic, partitions, replication, retentionMs }: KafkaConfig,
): Promise<boolean> {
  const retention = retentionMs === null ? [] : [{ name: 'retention.ms', value: String(retentionMs) }];
  return admin.createTopics({
    waitForLeaders: false, // kafkajs gives up where the broker that it asks does not know the topic yet
    timeout: CREATE_LIMIT_MS,
    topics: [
      {
        topic,
        numPartitions: partitions ?? DEFAULT_PARTITIONS,
        replicationFactor: replication ?? BROKERS_DEFAULT,
        configEntries: retention,
      },
    ],
  });
}

async function batchMaxBytes(admin: Admin, { topic }: KafkaConfig): Promise<number> {
  const name = 'max.message.bytes';
  const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: [name] };
  try {
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] });
    const entry = resources[0]?.configEntries.find(({ configName }) => configName === name);
    return Number(entry?.configValue) || BATCH_MAX_BYTES;
  } catch {
    // Whoever may write need not be allowed to describe: a batch that is too large is then refused, and split.
    return BATCH_MAX_BYTES;
  }
}
