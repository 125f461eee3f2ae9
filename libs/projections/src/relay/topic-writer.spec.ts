import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import type { ICustomPartitioner, Kafka, ProducerRecord } from 'kafkajs';
import type { OutgoingMessage } from '#integration-events/kafka-binding.js';
import { PartitionsAdded } from './topic.js';
import { requestsOf, TopicReplaced, TopicWriter } from './topic-writer.js';

const message = (bytes: number): OutgoingMessage => ({ key: 'k', value: 'v'.repeat(bytes), headers: {} });
const sizes = (bytes: readonly number[], limit: number) =>
  [...requestsOf(bytes.map(message), limit)].map((request) => request.map(({ value }) => value.length));

describe('requests to a topic', () => {
  it('hold as much as fits, in order', () => {
    expect(sizes([], 1_000)).toEqual([]);
    expect(sizes([100, 100, 100], 1_000)).toEqual([[100, 100, 100]]);
    expect(sizes([400, 400, 400, 400, 400], 1_000)).toEqual([[400, 400], [400, 400], [400]]);
  });

  it('hold a message alone that is too large for any', () => {
    expect(sizes([100, 2_000, 100, 100], 1_000)).toEqual([[100], [2_000], [100, 100]]);
    expect(sizes([2_000, 2_000], 1_000)).toEqual([[2_000], [2_000]]);
  });

  it('hold no more than 500 messages, however small', () => {
    expect(
      sizes(
        Array.from({ length: 1_200 }, () => 1),
        1_000_000,
      ).map((each) => each.length),
    ).toEqual([500, 500, 200]);
  });
});

/** The parts of kafkajs that send and retry: nothing else of it stands between them and the brokers here. */
const require = createRequire(import.meta.url);
const sendMessages = require('kafkajs/src/producer/sendMessages') as (
  of: object,
) => (what: object) => Promise<never>;
const createRetry = require('kafkajs/src/retry') as (config: object) => unknown;

interface Part {
  readonly partition: number;
  readonly messages: readonly unknown[];
}
type Produce = (topicData: readonly [{ readonly partitions: readonly Part[] }]) => Promise<unknown>;

/** Two brokers, each the leader of one partition until the second one has failed: then the first leads both. */
class TwoBrokers {
  readonly ends = [0, 0];
  secondFails = false;
  #leaders = [1, 2];

  readonly #broker = (nodeId: number, fails: () => boolean) => ({
    nodeId,
    produce: async ({ topicData }: { topicData: Parameters<Produce>[0] }) => {
      const why = { name: 'KafkaJSProtocolError', type: 'NOT_LEADER_FOR_PARTITION', retriable: true };
      if (fails()) throw Object.assign(new Error('not the leader'), why);
      const partitions = topicData[0].partitions.map(({ partition, messages }) => {
        const baseOffset = String(this.ends[partition]);
        this.ends[partition]! += messages.length;
        return { partition, errorCode: 0, baseOffset };
      });
      return { topics: [{ topicName: 'events', partitions }] };
    },
  });
  readonly #brokers = [this.#broker(1, () => false), this.#broker(2, () => this.secondFails)];

  readonly #cluster = {
    addMultipleTargetTopics: async () => {},
    refreshMetadataIfNecessary: async () => {},
    refreshMetadata: async () => (this.#leaders = [1, 1]),
    findTopicPartitionMetadata: () => [{ partitionId: 0 }, { partitionId: 1 }],
    findLeaderForPartitions: (_topic: string, partitions: readonly string[]) => {
      const ledBy: Record<number, number[]> = {};
      for (const partition of partitions.map(Number))
        (ledBy[this.#leaders[partition]!] ??= []).push(partition);
      return ledBy;
    },
    findBroker: async ({ nodeId }: { nodeId: string }) => this.#brokers[Number(nodeId) - 1],
    isConnected: () => true,
    removeBroker: () => {},
  };

  readonly #sequences = {
    acquireBrokerLock: async () => {},
    releaseBrokerLock: async () => {},
    isTransactional: () => false,
    getSequence: () => 0,
    updateSequence: () => {},
    getProducerId: () => 1,
    getProducerEpoch: () => 0,
  };

  readonly kafka = {
    admin: () => ({
      connect: async () => {},
      disconnect: async () => {},
      fetchTopicOffsets: async () => this.ends.map((high, partition) => ({ partition, high: String(high) })),
    }),
    producer: ({ createPartitioner }: { createPartitioner: ICustomPartitioner }) => {
      const logger = { debug: () => {}, error: () => {} };
      const retrier = createRetry({
        retries: 3,
        initialRetryTime: 1,
        maxRetryTime: 1,
        factor: 0,
        multiplier: 1,
      });
      const partitioner = createPartitioner();
      const through = { logger, cluster: this.#cluster, eosManager: this.#sequences, partitioner, retrier };
      const send = ({ topic, messages, acks }: ProducerRecord) =>
        sendMessages(through)({ acks, topicMessages: [{ topic, messages }] });
      return { connect: async () => {}, disconnect: async () => {}, send };
    },
  } as unknown as Kafka;
}

describe('the writer of a topic', () => {
  const topic = { topic: 'events', batchMaxBytes: 1_000_000 };
  const messages = Array.from({ length: 20 }, (_, i): OutgoingMessage => ({
    key: `${i}`,
    value: '',
    headers: {},
  }));

  // As when brokers are restarted one after the other: kafkajs says that all was sent.
  it('does not take for sent what one broker had when another gave up its partitions to it', async () => {
    const brokers = new TwoBrokers();
    const writer = new TopicWriter(brokers.kafka, { ...topic, ends: [0n, 0n] }, 'none');
    brokers.secondFails = true;
    await expect(writer.send(messages)).rejects.toThrow('topic events: partitions 1 did not acknowledge');
    expect(brokers.ends[1]).toBe(0);
    const first = brokers.ends[0]!;
    expect(await writer.send(messages)).toEqual([]);
    expect(brokers.ends).toEqual([2 * first, 20 - first]);
  });

  it('knows the ends of what it wrote', async () => {
    const brokers = new TwoBrokers();
    const writer = new TopicWriter(brokers.kafka, { ...topic, ends: [0n, 0n] }, 'none');
    await writer.send(messages);
    await writer.send(messages.slice(0, 10));
    expect(writer.ends.map(Number)).toEqual(brokers.ends);
  });

  it('sends nothing to a topic with other partitions than it had', async () => {
    const brokers = new TwoBrokers();
    const to = (ends: readonly bigint[]) => new TopicWriter(brokers.kafka, { ...topic, ends }, 'none');
    await expect(to([7n]).send(messages)).rejects.toThrow(PartitionsAdded);
    await expect(to([7n]).send(messages)).rejects.toThrow('has 2 partitions instead of 1');
    await expect(to([0n, 0n, 0n]).send(messages)).rejects.toThrow(TopicReplaced);
    expect(brokers.ends).toEqual([0, 0]);
  });

  it('finds out that the topic was made anew, before it wrote to it or since', async () => {
    const before = new TwoBrokers();
    const ends = [5n, 0n];
    const writer = new TopicWriter(before.kafka, { ...topic, ends }, 'none');
    await expect(writer.send(messages)).rejects.toThrow(TopicReplaced);

    const since = new TwoBrokers();
    const longer = new TopicWriter(since.kafka, { ...topic, ends: [0n, 0n] }, 'none');
    await longer.send(messages);
    await longer.send(messages);
    since.ends.fill(0);
    await expect(longer.send(messages)).rejects.toThrow('topic events has lost its messages');
  });

  it('looks at the topic after a quiet time, and sends nothing to one that was made anew', async () => {
    const brokers = new TwoBrokers();
    const writer = new TopicWriter(brokers.kafka, { ...topic, ends: [0n, 0n] }, 'none', 0);
    await writer.send(messages);
    await writer.send(messages);
    brokers.ends.fill(0);
    await expect(writer.send(messages)).rejects.toThrow(TopicReplaced);
    expect(brokers.ends).toEqual([0, 0]);
  });
});
