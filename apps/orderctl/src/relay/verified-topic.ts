import type pg from 'pg';
import type { EventStore } from '#event-store/port.js';
import type { KafkaConfig } from '#platform/kafka-settings.js';
import { findTopic } from '#projections/relay/topic.js';
import { verifyTopic, type VerifyTopicResult } from '#projections/relay/verify-topic.js';
import { RelayStore } from '#read-models/stores/relay.store.js';
import { CliError } from '../support/cli-error.js';
import { inWords, openKafka } from '../support/kafka.js';

interface Stores {
  readonly eventStore: EventStore;
  readonly pool: pg.Pool;
}

/** @throws CliError when the topic does not exist, or Kafka is away */
export async function verifiedTopic(
  config: KafkaConfig,
  { eventStore, pool }: Stores,
): Promise<VerifyTopicResult> {
  const kafka = await openKafka(config);
  try {
    const found = await findTopic(kafka, config);
    if (found === null) throw new CliError(`topic ${config.topic} does not exist: no relay has run yet`);
    const relay = new RelayStore(pool, found);
    return await verifyTopic({ eventStore, kafka, topic: config.topic, relay });
  } catch (error) {
    throw inWords(error, config);
  }
}
