import { randomUUID } from 'node:crypto';
import { Kafka, logLevel, type KafkaMessage } from 'kafkajs';
import { until } from './until.js';

export interface TopicMessage {
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
}

export interface TopicReading {
  readonly brokers: readonly string[];
  readonly topic: string;
  /** Waits until the topic has at least this many messages. */
  readonly atLeast?: number;
  readonly timeoutMs?: number;
}

/** Reads every message that a topic holds at the beginning of the call, in the order of each partition. */
export async function readTopic(
  { brokers, topic, atLeast = 0, timeoutMs = 60_000 }: TopicReading,
  onMessage: (message: TopicMessage) => void,
): Promise<void> {
  const kafka = new Kafka({ brokers: [...brokers], clientId: 'orderlog-test', logLevel: logLevel.NOTHING });
  const ends = await untilFilled(kafka, topic, atLeast, timeoutMs);
  const consumer = kafka.consumer({ groupId: `orderlog-test-${randomUUID()}` });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        const end = ends.get(partition);
        if (end === undefined) return;
        if (BigInt(message.offset) < end) onMessage(toMessage(partition, message));
        if (BigInt(message.offset) >= end - 1n) ends.delete(partition);
      },
    });
    await until(`the topic ${topic} is read to its end`, () => ends.size === 0, timeoutMs);
  } finally {
    await consumer.disconnect();
  }
}

/** For each partition that is not empty, the offset after its last message. */
async function untilFilled(
  kafka: Kafka,
  topic: string,
  atLeast: number,
  timeoutMs: number,
): Promise<Map<number, bigint>> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await until(
      `${atLeast} messages in ${topic}`,
      async () => {
        const offsets = await admin.fetchTopicOffsets(topic);
        const messages = offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
        if (messages < atLeast) return null;
        const filled = offsets.filter(({ high, low }) => high !== low);
        return new Map(filled.map(({ partition, high }) => [partition, BigInt(high)]));
      },
      timeoutMs,
    );
  } finally {
    await admin.disconnect();
  }
}

function toMessage(partition: number, { offset, key, headers, value }: KafkaMessage): TopicMessage {
  const texts = Object.entries(headers ?? {}).map(([name, content]) => [name, String(content)]);
  return {
    partition,
    offset: BigInt(offset),
    key: key?.toString('utf8') ?? null,
    headers: Object.fromEntries(texts) as Record<string, string>,
    value: value?.toString('utf8') ?? '',
  };
}
