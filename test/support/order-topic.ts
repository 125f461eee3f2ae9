import { randomUUID } from 'node:crypto';
import { Kafka, logLevel, type Admin, type Producer } from 'kafkajs';
import { decode } from '#event-store/codec.js';
import type { EventStore, RawEvent } from '#event-store/port.js';
import { headOf, integrationEvent, type OrderHead } from '#integration-events/integration-event.js';
import { kafkaMessage, type OutgoingMessage } from '#integration-events/kafka-binding.js';
import type { WrittenOrder } from './order-streams.js';

const PARTITIONS = 4;

/** A topic of one test. The test decides when messages about its orders are sent to it, in the published form. */
export class OrderTopic {
  readonly name = `orders.${randomUUID()}`;
  readonly #store: EventStore;
  readonly #admin: Admin;
  readonly #producer: Producer;
  /** The messages sent about each order so far. */
  readonly #told = new Map<string, { head: OrderHead; messages: OutgoingMessage[] }>();

  private constructor(brokers: readonly string[], store: EventStore) {
    const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
    this.#store = store;
    this.#admin = kafka.admin();
    this.#producer = kafka.producer();
  }

  static async open(brokers: readonly string[], store: EventStore): Promise<OrderTopic> {
    const topic = new OrderTopic(brokers, store);
    await Promise.all([topic.#admin.connect(), topic.#producer.connect()]);
    const topics = [{ topic: topic.name, numPartitions: PARTITIONS }];
    await topic.#admin.createTopics({ topics, waitForLeaders: true });
    return topic;
  }

  /** Sends the events of an order since the last call. */
  async tell(order: WrittenOrder): Promise<void> {
    const told = this.#told.get(order.orderId);
    const raw: RawEvent[] = [];
    const fromRevision = told?.messages.length ?? 0;
    for await (const event of this.#store.readStream(order.stream, { fromRevision })) raw.push(event);
    const events = await decode(raw);
    const [first] = events;
    if (told === undefined && first?.type !== 'OrderPlaced')
      throw new Error('an order begins with OrderPlaced');
    const head = told?.head ?? headOf(first as Parameters<typeof headOf>[0]);
    const messages = events.map((event) => kafkaMessage(integrationEvent(event, head)));
    this.#told.set(order.orderId, { head, messages: [...(told?.messages ?? []), ...messages] });
    await this.send(messages);
  }

  /** Sends all messages about an order again, as a relay does after it was killed. */
  async repeat(order: WrittenOrder): Promise<void> {
    await this.send(this.messagesOf(order));
  }

  messagesOf(order: WrittenOrder): readonly OutgoingMessage[] {
    return this.#told.get(order.orderId)?.messages ?? [];
  }

  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    await this.#producer.send({ topic: this.name, acks: -1, messages: [...messages] });
  }

  /** Whether a consumer group has committed the end of each partition. */
  isTakenIn(groupId: string): Promise<boolean> {
    return isTakenIn(this.#admin, this.name, groupId);
  }

  async membersOf(groupId: string): Promise<number> {
    const { groups } = await this.#admin.describeGroups([groupId]);
    return groups[0]!.members.length;
  }

  async close(): Promise<void> {
    await this.#admin.deleteTopics({ topics: [this.name] });
    await Promise.all([this.#admin.disconnect(), this.#producer.disconnect()]);
  }
}

/** Whether a consumer group has committed the end of each partition that is not empty. */
export async function isTakenIn(admin: Admin, topic: string, groupId: string): Promise<boolean> {
  const ends = await admin.fetchTopicOffsets(topic);
  const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] }).catch(noneWhileLoading);
  return ends.every(({ partition, high }) => {
    const at = committed?.partitions.find((one) => one.partition === partition)?.offset ?? '-1';
    return high === '0' || at === high;
  });
}

/** A broker answers with an error while its first group is being set up. */
function noneWhileLoading(error: unknown): [] {
  if (!/coordinator/i.test(String(error))) throw error;
  return [];
}
