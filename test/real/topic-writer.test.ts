import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { TopicWriter } from '#projections/relay/topic-writer.js';
import { describeWith, kafkaBrokers } from '../support/engines.js';
import { readTopic } from '../support/read-topic.js';
import { someTopic } from '../support/relays.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);

describeWith('kafka', 'the writer of a topic', () => {
  let network: TcpProxy;
  let admin: Admin;

  beforeEach(async () => {
    const [broker] = kafkaBrokers()!;
    network = await startTcpProxy(Number(broker!.split(':')[1]));
    admin = new Kafka({ brokers: [broker!], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
  });
  afterEach(async () => {
    await admin.disconnect();
    await network.close();
  });

  it('does not send what follows an unanswered request as if it repeated that request', async () => {
    const brokers = kafkaBrokers()!;
    const { topic } = someTopic(brokers);
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
    const client = new Kafka({
      brokers: [...brokers],
      logLevel: logLevel.NOTHING,
      retry: { retries: 1, initialRetryTime: 50 },
      // Brokers tell their clients where they are, which is past any proxy.
      socketFactory: ({ onConnect }) => connect(network.port, '127.0.0.1', onConnect),
    });
    const of = { clusterId: 'any', topic, partitions: 1, batchMaxBytes: 1_000_000, ends: [0n] };
    const writer = new TopicWriter(client, of, 'none');
    const send = (value: string) => writer.send([{ key: 'order', value, headers: { ce_id: randomUUID() } }]);
    await send('before');
    network.holdAnswers();
    const unanswered = expect(send('without an answer')).rejects.toThrow();
    const arrived = async () => (await admin.fetchTopicOffsets(topic))[0]!.high === '2';
    await until('the broker has it', arrived);
    await network.away();
    await unanswered;
    network.passAnswers();
    await network.restore();
    await send('after');
    await writer.close();
    const values: string[] = [];
    await readTopic({ brokers, topic }, ({ value }) => values.push(value));
    expect(values).toEqual(['before', 'without an answer', 'after']);
  });
});
