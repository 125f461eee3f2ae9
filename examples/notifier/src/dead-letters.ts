import { randomUUID } from 'node:crypto';
import type { Admin, EachMessagePayload, Kafka, KafkaMessage, Producer } from 'kafkajs';
import type { MessageKey } from './channels.js';
import { rawMessageOf, type RawMessage } from './order-event.js';

/** One partition, so that an offset alone names a dead letter. */
const PARTITION = 0;
const FOR_EVER = '-1';
/** Twice a topic's default: a dead letter is larger than its event. */
const MESSAGE_MAX_BYTES = '2097152';

/** Headers that are added to those of the event. */
const REASON = 'notifier_reason';
const RECIPIENT = 'notifier_recipient';
const TYPE = 'notifier_type';
const ATTEMPTS = 'notifier_attempts';
const FAILED_AT = 'notifier_failed_at';

/** A message that could not be sent, or an event that could not be read. */
export interface DeadLetter {
  readonly offset: string;
  readonly reason: string;
  readonly failedAt: string;
  readonly attempts: number;
  /** null: an event that could not be read. */
  readonly key: MessageKey | null;
  /** The event as it came. */
  readonly raw: RawMessage;
}

/** The topic of dead letters: each is the event as it came, and a reason. Like the events, it names no person. */
export class DeadLetters {
  readonly #kafka: Kafka;
  readonly #topic: string;
  readonly #producer: Producer;

  constructor(kafka: Kafka, topic: string) {
    this.#kafka = kafka;
    this.#topic = topic;
    this.#producer = kafka.producer({ allowAutoTopicCreation: false });
  }

  /** Creates the topic where it does not exist yet, and connects the producer. */
  async open(): Promise<void> {
    await this.#asAdmin(async (admin) => {
      if ((await admin.listTopics()).includes(this.#topic)) return;
      const configEntries = [
        { name: 'retention.ms', value: FOR_EVER },
        { name: 'max.message.bytes', value: MESSAGE_MAX_BYTES },
      ];
      await admin.createTopics({
        waitForLeaders: true,
        topics: [{ topic: this.#topic, numPartitions: 1, replicationFactor: -1, configEntries }],
      });
    });
    await this.#producer.connect();
  }

  /** Adds a dead letter. It is in the topic once this returns, perhaps more than once. */
  async add(raw: RawMessage, reason: string, message?: MessageKey & { attempts: number }): Promise<void> {
    const headers: Record<string, string> = { ...raw.headers, [REASON]: reason };
    headers[FAILED_AT] = new Date().toISOString();
    if (message !== undefined) {
      headers[RECIPIENT] = message.recipient;
      headers[TYPE] = message.type;
      headers[ATTEMPTS] = String(message.attempts);
    }
    const { key, value } = raw;
    await this.#producer.send({
      topic: this.#topic,
      acks: -1,
      messages: [{ key, value, headers, partition: PARTITION }],
    });
  }

  /** The dead letters from one offset to another, inclusive, that are in the topic now. */
  async read(from = 0n, to: bigint | null = null): Promise<DeadLetter[]> {
    const { low, high } = await this.#bounds();
    const first = from > low ? from : low;
    const last = to !== null && to < high ? to : high - 1n;
    return first > last ? [] : this.#readBetween(first, last);
  }

  async close(): Promise<void> {
    await this.#producer.disconnect();
  }

  /** The first offset, and the one after the last. */
  async #bounds(): Promise<{ low: bigint; high: bigint }> {
    return this.#asAdmin(async (admin) => {
      const known = (await admin.listTopics()).includes(this.#topic);
      const offsets = known ? await admin.fetchTopicOffsets(this.#topic) : [];
      const { low = '0', high = '0' } = offsets.find(({ partition }) => partition === PARTITION) ?? {};
      return { low: BigInt(low), high: BigInt(high) };
    });
  }

  async #readBetween(first: bigint, last: bigint): Promise<DeadLetter[]> {
    const groupId = `${this.#topic}-reader-${randomUUID()}`; // Kafka requires a group; no offset is committed for it
    const consumer = this.#kafka.consumer({ groupId, allowAutoTopicCreation: false });
    const letters: DeadLetter[] = [];
    try {
      await consumer.connect();
      await consumer.subscribe({ topic: this.#topic });
      await new Promise<void>((done, failed) => {
        consumer.on('consumer.crash', ({ payload }) => failed(payload.error));
        const eachMessage = async ({ message }: EachMessagePayload) => {
          const offset = BigInt(message.offset);
          if (offset <= last) letters.push(deadLetterOf(message));
          if (offset >= last) done();
        };
        consumer.run({ autoCommit: false, eachMessage }).catch(failed);
        consumer.seek({ topic: this.#topic, partition: PARTITION, offset: String(first) });
      });
    } finally {
      await consumer.disconnect();
      await this.#asAdmin((admin) => admin.deleteGroups([groupId]));
    }
    return letters;
  }

  async #asAdmin<T>(ask: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.#kafka.admin();
    try {
      await admin.connect();
      return await ask(admin);
    } finally {
      await admin.disconnect();
    }
  }
}

function deadLetterOf(message: KafkaMessage): DeadLetter {
  const { key, headers, value } = rawMessageOf(message);
  const ofEvent = Object.entries(headers).filter(([name]) => !name.startsWith('notifier_'));
  const { [RECIPIENT]: recipient, [TYPE]: type, ce_id: eventId } = headers;
  const isOfMessage = eventId !== undefined && recipient !== undefined && type !== undefined;
  return {
    offset: message.offset,
    reason: headers[REASON] ?? '',
    failedAt: headers[FAILED_AT] ?? '',
    attempts: Number(headers[ATTEMPTS] ?? 0),
    key: isOfMessage ? { eventId, recipient, type } : null,
    raw: { key, headers: Object.fromEntries(ofEvent), value },
  };
}
