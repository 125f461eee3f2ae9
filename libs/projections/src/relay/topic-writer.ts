import kafkajs, {
  Partitioners,
  type CompressionTypes,
  type ICustomPartitioner,
  type Kafka,
  type Message,
  type Producer,
  type RecordMetadata,
} from 'kafkajs';

import type { KafkaConfig } from '#platform/kafka-settings.js';
import type { OutgoingMessage } from '#integration-events/kafka-binding.js';
import type { TopicEnds } from '#read-models/stores/relay.store.js';
import { answeredError } from './kafka-errors.js';
import { isBelow, readEnds, refuseAddedPartitions, type Topic } from './topic.js';

type Target = Pick<Topic, 'topic' | 'batchMaxBytes' | 'ends'>;

/** A message that the topic does not take. */
export interface Refused {
  readonly message: OutgoingMessage;
  readonly reason: string;
}

/** A write got an offset below what was in the topic before: the topic was deleted and made anew, or restored. */
export class TopicReplaced extends kafkajs.KafkaJSError {
  constructor(topic: string) {
    super(`topic ${topic} has lost its messages: it was deleted and created anew, or restored`, {
      retriable: false,
    });
  }
}

/** Error codes 10 and 18 of Kafka's protocol. */
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);
const ALL_REPLICAS = -1;
const RETRIES = 3;
/** After so long without a message the topic may have been made anew: it is looked at before the next one. */
const LOOK_AFTER_MS = 1_000;
/** Larger requests are no faster: kafkajs copies the messages of a partition with every one that it adds. */
const REQUEST_MAX_BYTES = 900_000;
const REQUEST_MAX_MESSAGES = 500;
/** Of a batch; and of a record besides its key, value and headers, their lengths included. */
const BATCH_OVERHEAD_BYTES = 61;
const RECORD_OVERHEAD_BYTES = 30;

/**
 * Writes to a topic in the order given, each request acknowledged by all replicas before the next one: kafkajs
 * has one request of an idempotent producer under way at a time, however many it is allowed, since it counts
 * sequence numbers when a request is sent and takes them back when it fails.
 */
export class TopicWriter {
  readonly #kafka: Kafka;
  readonly #topic: Target;
  readonly #compression: CompressionTypes;
  #producer: Producer | null = null;
  /** By partition, the lowest offset that the next write can get. */
  readonly #ends: bigint[];
  /** By partition, the messages of the request under way: kafkajs distributes them again when it tries again. */
  readonly #concerned = new Map<number, Set<Message>>();
  readonly #lookAfterMs: number;
  /** When the topic was last known to be as it was, in `performance.now()` time. */
  #seenMs = performance.now();

  constructor(
    kafka: Kafka,
    topic: Target,
    compression: KafkaConfig['compression'],
    lookAfterMs = LOOK_AFTER_MS,
  ) {
    this.#kafka = kafka;
    this.#lookAfterMs = lookAfterMs;
    this.#topic = topic;
    this.#ends = [...topic.ends];
    this.#compression = kafkajs.CompressionTypes[compression === 'gzip' ? 'GZIP' : 'None'];
  }

  /** As they were last seen: the topic's own are these, or above, for as long as it has lost nothing. */
  get ends(): TopicEnds {
    return [...this.#ends];
  }

  /**
   * Resolves when the topic has all messages except those too large for it. After a refused message, later ones with
   * the same key are not sent, so that none overtakes it: only the first refused message of each key is returned.
   * @throws when Kafka is away; some messages may be in the topic then
   * @throws TopicReplaced when the topic was deleted and made anew meanwhile, or restored
   * @throws PartitionsAdded when the topic has got more of them meanwhile; nothing more is sent then
   */
  async send(messages: readonly OutgoingMessage[]): Promise<Refused[]> {
    const refused = new Map<string, Refused>();
    for (const request of requestsOf(messages, this.#topic.batchMaxBytes)) {
      if (performance.now() - this.#seenMs >= this.#lookAfterMs) await this.#look();
      await this.#sendOrSplit(request, refused);
    }
    return [...refused.values()];
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = null;
    await producer?.disconnect();
  }

  /** Nothing later may get into a topic that lacks what is before it. */
  async #look(): Promise<void> {
    const { topic, ends: known } = this.#topic;
    const ends = await readEnds(this.#kafka, topic);
    if (isBelow(ends, this.#ends)) throw new TopicReplaced(topic);
    refuseAddedPartitions(topic, ends.length, known.length);
  }

  async #sendOrSplit(messages: readonly OutgoingMessage[], refused: Map<string, Refused>): Promise<void> {
    const request = refused.size === 0 ? messages : messages.filter(({ key }) => !refused.has(key));
    if (request.length === 0) return;
    try {
      await this.#request(request);
    } catch (error) {
      const tooLarge = answeredError(error, TOO_LARGE);
      if (tooLarge === null) throw error;
      const [only] = request;
      if (request.length === 1) {
        refused.set(only!.key, { message: only!, reason: `${tooLarge.message} (${sizeOf(only!)} bytes)` });
        return;
      }
      const half = Math.ceil(request.length / 2);
      await this.#sendOrSplit(request.slice(0, half), refused);
      await this.#sendOrSplit(request.slice(half), refused);
    }
  }

  async #request(messages: readonly OutgoingMessage[]): Promise<void> {
    try {
      this.#producer ??= await this.#connected();
      this.#concerned.clear();
      const answers = await this.#producer.send({
        topic: this.#topic.topic,
        messages: [...messages],
        acks: ALL_REPLICAS,
        compression: this.#compression,
      });
      this.#acknowledge(answers);
    } catch (error) {
      // Part of the request may have been written. kafkajs would use its sequence numbers again for the next
      // request, and the broker would drop that as a repetition: another producer begins anew.
      await this.close().catch(() => {}); // this producer is of no use any more
      throw error;
    }
  }

  /**
   * Checks that all partitions have answered. kafkajs sends nothing more to a broker that has answered once, even
   * when partitions of a failed broker have moved to it since: it then reports that all was sent, though the
   * messages of those partitions are nowhere.
   */
  #acknowledge(answers: readonly RecordMetadata[]): void {
    const before = this.ends;
    for (const { partition, baseOffset = '-1' } of answers) {
      const messages = this.#concerned.get(partition)?.size ?? 0;
      this.#concerned.delete(partition);
      const offset = BigInt(baseOffset);
      if (offset < 0n) continue; // the broker does not tell the offset
      if (offset < (before[partition] ?? 0n)) throw new TopicReplaced(this.#topic.topic);
      this.#ends[partition] = offset + BigInt(messages);
    }
    this.#seenMs = performance.now();
    if (this.#concerned.size === 0) return;
    const which = [...this.#concerned.keys()].join(', ');
    throw new kafkajs.KafkaJSError(
      `topic ${this.#topic.topic}: partitions ${which} did not acknowledge the messages`,
    );
  }

  /** Chooses partitions as the Java client does: murmur2 of the key. */
  readonly #partitioner: ICustomPartitioner = () => {
    const partitionOf = Partitioners.DefaultPartitioner();
    return (of) => {
      const found = of.partitionMetadata.length;
      const { topic, ends } = this.#topic;
      refuseAddedPartitions(topic, found, ends.length);
      if (found < ends.length) throw new TopicReplaced(topic);
      const partition = partitionOf(of);
      const messages = this.#concerned.get(partition) ?? new Set();
      this.#concerned.set(partition, messages.add(of.message));
      return partition;
    };
  };

  async #connected(): Promise<Producer> {
    const producer = this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: this.#partitioner,
      retry: { retries: RETRIES },
    });
    try {
      await producer.connect();
      return producer;
    } catch (error) {
      await producer.disconnect().catch(() => {}); // it was never connected
      throw error;
    }
  }
}

/** A request holds one batch for each partition, and no batch may exceed the limit: a message that does goes alone. */
export function* requestsOf(
  messages: readonly OutgoingMessage[],
  batchMaxBytes: number,
): Generator<readonly OutgoingMessage[], void> {
  const limitBytes = Math.min(batchMaxBytes, REQUEST_MAX_BYTES);
  let from = 0;
  let bytes = BATCH_OVERHEAD_BYTES;
  for (const [index, message] of messages.entries()) {
    const size = sizeOf(message);
    const full = bytes + size > limitBytes || index - from === REQUEST_MAX_MESSAGES;
    if (full && index > from) {
      yield messages.slice(from, index);
      from = index;
      bytes = BATCH_OVERHEAD_BYTES;
    }
    bytes += size;
  }
  if (from < messages.length) yield messages.slice(from);
}

/** Size as a record in a batch, uncompressed; a little too much at most. */
function sizeOf({ key, value, headers }: OutgoingMessage): number {
  let bytes = RECORD_OVERHEAD_BYTES + key.length + Buffer.byteLength(value);
  for (const name in headers) bytes += name.length + headers[name]!.length + 4;
  return bytes;
}
