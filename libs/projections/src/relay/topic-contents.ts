import { randomUUID } from 'node:crypto';
import type { Consumer, Kafka, KafkaMessage } from 'kafkajs';

/** The part of a message that tells whose event it is. */
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
/** After so long without a message, the broker is away, or misreports the end of the topic. */
const SILENCE_LIMIT_MS = 30_000;

/**
 * Reads every message from the topic's beginning to its end at the start, in order per partition. It commits no
 * offset and leaves no consumer group behind.
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
    const unread = new Map<number, Unread>();
    for (const { partition, low, high } of offsets) {
      if (low !== high) unread.set(partition, { next: BigInt(low), end: BigInt(high) });
    }
    const trimmed = offsets.some(({ low }) => low !== '0');
    if (unread.size === 0) return { messages: 0, trimmed };
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const messages = await readThrough(consumer, topic, unread, onMessage, signal);
    return { messages, trimmed };
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => {}); // it expires by itself, being empty
    await admin.disconnect();
  }
}

/** Of a partition: the offset of the next message, and the one after the last. */
interface Unread {
  next: bigint;
  readonly end: bigint;
}

/** @returns the number of messages */
async function readThrough(
  consumer: Consumer,
  topic: string,
  unread: Map<number, Unread>,
  onMessage: (message: RelayedMessage) => void,
  signal?: AbortSignal,
): Promise<number> {
  let messages = 0;
  const { promise: ended, resolve, reject } = deferred();
  const silence = setTimeout(
    () => reject(new Error(`topic ${topic} delivers no more messages`)),
    SILENCE_LIMIT_MS,
  );
  const aborted = () => reject(signal!.reason as Error);
  signal?.addEventListener('abort', aborted, { once: true });
  // A consumer that restarts by itself, as while a broker loads its groups, reads from the beginning once more.
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) reject(payload.error);
  });
  const read = (partition: number, message: KafkaMessage) => {
    const left = unread.get(partition);
    const offset = BigInt(message.offset);
    if (!left || offset < left.next) return;
    silence.refresh();
    left.next = offset + 1n;
    if (offset < left.end) {
      messages += 1;
      onMessage(relayedMessage(message));
    }
    if (left.next >= left.end) unread.delete(partition);
    if (unread.size === 0) resolve();
  };
  try {
    const running = consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => read(partition, message),
    });
    running.catch(reject);
    await ended;
    return messages;
  } finally {
    clearTimeout(silence);
    signal?.removeEventListener('abort', aborted);
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let settle!: { resolve: () => void; reject: (error: Error) => void };
  const promise = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle };
}

function relayedMessage({ key, headers }: KafkaMessage): RelayedMessage {
  const tenant = SOURCE.exec(String(headers?.['ce_source'] ?? ''))?.[1] ?? '';
  return { order: `${tenant}/${String(key)}`, eventId: String(headers?.['ce_id'] ?? '') };
}
