import { randomUUID } from 'node:crypto';
import { Partitioners, type Kafka } from 'kafkajs';
import type { EventStore, ExactEventStore, RawEvent } from '#event-store/port.js';
import { ORDER_STREAM_PREFIX } from '#event-store/streams.js';
import type { OutgoingMessage } from '#integration-events/kafka-binding.js';
import type { KafkaConfig } from '#platform/kafka-settings.js';
import { createKafka } from '#platform/kafka.js';
import { createLogger } from '#platform/logging.js';
import { MessageMaker } from '#projections/relay/outgoing.js';
import { Relay } from '#projections/relay/relay.js';
import { openTopic, type Topic } from '#projections/relay/topic.js';
import { requestsOf } from '#projections/relay/topic-writer.js';
import { importFile } from '../imported-file.js';
import { interleave, runWhole, type Row } from '../measure.js';
import { untilPositionVisible } from '../settle.js';
import type { System } from '../system.js';

/** What `npm run engines -- up kafka` prints. */
export const KAFKA_VARIABLE = 'KAFKA_BROKERS';

const TARGET_RATIO = 0.8;
const PARTITIONS = 6;
const MADE_AT_ONCE = 500;
const LOOK_EVERY_MS = 2;

const logger = createLogger('bench', 'silent');

/**
 * Relays all events of imported orders into an empty topic. It is compared with reading `$all` without using it
 * and then sending the same messages in the same requests through the same client.
 */
export async function relay(system: System, store: ExactEventStore, file: string | null): Promise<Row> {
  await importFile(system, file);
  await untilPositionVisible(system, store);
  const head = (await store.headPosition())!;
  const messages = await messagesOf(store);
  const configs: KafkaConfig[] = [];
  try {
    return await interleave(
      { name: 'relay', target: TARGET_RATIO },
      {
        ours: async () => {
          const { config } = await emptyTopic(configs);
          return runWhole(messages.length, () => relayed(system, store, config, head));
        },
        raw: async () => {
          const { kafka, topic } = await emptyTopic(configs);
          return runWhole(messages.length, async () => {
            await eventsOf(store, () => {});
            await sendAll(kafka, topic, messages);
          });
        },
      },
    );
  } finally {
    await dropTopics(configs);
  }
}

async function relayed(
  system: System,
  eventStore: ExactEventStore,
  kafka: KafkaConfig,
  head: bigint,
): Promise<void> {
  const { postgresUrl } = system;
  const running = new Relay({ eventStore, postgresUrl, kafka, logger });
  const stop = new AbortController();
  const ended = running.run(stop.signal);
  while ((running.sending?.position ?? -1n) < head) {
    await new Promise((later) => setTimeout(later, LOOK_EVERY_MS));
    if (running.lastError !== null) throw new Error(`the relay waits: ${running.lastError}`);
  }
  stop.abort();
  await ended;
}

async function sendAll(kafka: Kafka, topic: Topic, messages: readonly OutgoingMessage[]): Promise<void> {
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  for (const request of requestsOf(messages, topic.batchMaxBytes)) {
    await producer.send({ topic: topic.topic, messages: [...request], acks: -1 });
  }
  await producer.disconnect();
}

async function messagesOf(store: EventStore): Promise<OutgoingMessage[]> {
  const events: RawEvent[] = [];
  await eventsOf(store, (event) => events.push(event));
  const maker = new MessageMaker(store);
  const messages: OutgoingMessage[] = [];
  for (let from = 0; from < events.length; from += MADE_AT_ONCE) {
    for (const { message } of await maker.make(events.slice(from, from + MADE_AT_ONCE))) {
      if (typeof message === 'string') throw new Error(message);
      messages.push(message);
    }
  }
  return messages;
}

async function eventsOf(store: EventStore, onEvent: (event: RawEvent) => void): Promise<void> {
  const stop = new AbortController();
  const all = store.subscribeToAll({ after: null, streamPrefix: ORDER_STREAM_PREFIX, signal: stop.signal });
  for await (const message of all) {
    if (message.kind === 'event') onEvent(message.event);
    if (message.kind === 'caught_up') stop.abort();
  }
}

async function emptyTopic(
  configs: KafkaConfig[],
): Promise<{ config: KafkaConfig; kafka: Kafka; topic: Topic }> {
  const config: KafkaConfig = {
    brokers: process.env[KAFKA_VARIABLE]!.split(','),
    topic: `bench-${randomUUID()}`,
    partitions: PARTITIONS,
    replication: null,
    retentionMs: null,
    compression: 'none',
    tls: null,
    sasl: null,
  };
  const kafka = createKafka(config, 'bench', logger);
  const topic = await openTopic(kafka, config, logger);
  configs.push(config);
  return { config, kafka, topic };
}

async function dropTopics(configs: readonly KafkaConfig[]): Promise<void> {
  const [first] = configs;
  if (first === undefined) return;
  const admin = createKafka(first, 'bench', logger).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: configs.map(({ topic }) => topic) });
  await admin.disconnect();
}
