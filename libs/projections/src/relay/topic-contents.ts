import { randomUUID } from 'node:crypto';
import type { Kafka, KafkaMessage } from 'kafkajs';

/** What of a message tells whose event it is. */
export interface RelayedMessage {
  /** `<tenant>/<order id>`. */
  readonly order: string;
  readonly eventId: string;
}

export interface TopicContents {
  readonly messages: number;
  /** Whether retention has removed messages already. */
  readonly trimmed: boolean;
}

const SOURCE = /^\/orderlog\/([a-z0-9_]+)$/;
/** Nothing came for so long: the broker is away, or lies about its end. */
const SILENCE_LIMIT_MS = 30_000;

/**
 * Every message from the topic's beginning to what was its end when this began, in order per partition. It
 * commits no offset and leaves no consumer group behind.
 * @throws when Kafka is away, or the signal aborts
 */
export async function readTopic(
  kafka: Kafka,
  topic: string,
  onMessage: (message: RelayedMessage) => void,
  signal?: AbortSignal,
): Promise<TopicContents> {
  const admin = kafka.admin();
  const groupId = `orderlog-verify-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId });
  try {
    await admin.connect();
    const offsets = await admin.fetchTopicOffsets(topic);
    const unread = new Map(
      offsets.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, BigInt(high)]),
    );
    const trimmed = offsets.some(({ low }) => low !== '0');
    if (unread.size === 0) return { messages: 0, trimmed };
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    let messages = 0;
    await new Promise<void>((done, failed) => {
      const silence = setTimeout(
        () => failed(new Error(`${topic} gives no more messages`)),
        SILENCE_LIMIT_MS,
      );
      signal?.addEventListener('abort', () => failed(signal.reason as Error), { once: true });
      consumer.on(consumer.events.CRASH, ({ payload }) => failed(payload.error));
      const read = (partition: number, message: KafkaMessage) => {
        const end = unread.get(partition);
        if (end === undefined) return;
        silence.refresh();
        if (BigInt(message.offset) < end) {
          messages += 1;
          onMessage(relayedMessage(message));
        }
        if (BigInt(message.offset) >= end - 1n) unread.delete(partition);
        if (unread.size > 0) return;
        clearTimeout(silence);
        done();
      };
      consumer
        .run({ autoCommit: false, eachMessage: async ({ partition, message }) => read(partition, message) })
        .catch(failed);
    });
    return { messages, trimmed };
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => {}); // it expires by itself, being empty
    await admin.disconnect();
  }
}

function relayedMessage({ key, headers }: KafkaMessage): RelayedMessage {
  const tenant = SOURCE.exec(String(headers?.['ce_source'] ?? ''))?.[1] ?? '';
  return { order: `${tenant}/${String(key)}`, eventId: String(headers?.['ce_id'] ?? '') };
}
