import { expect, it, jest } from '@jest/globals';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import type { KafkaConfig } from '#platform/kafka-settings.js';
import { createKafka } from '#platform/kafka.js';
import { createLogger } from '#platform/logging.js';
import { openTopic } from '#projections/relay/topic.js';
import { describeWith, kafkaBrokers } from '../support/engines.js';
import { someTopic } from '../support/relays.js';

jest.setTimeout(60_000);

describeWith('kafka', 'a topic', () => {
  const logger = createLogger('relay', 'silent');

  it('is made by a controller before its brokers know of it: it is waited for', async () => {
    const config = someTopic(kafkaBrokers()!);
    const asked: string[] = [];
    const slow = withSlowBrokers(config, 3, asked);
    expect(await openTopic(slow, config, logger)).toMatchObject({ topic: config.topic, partitions: 3 });
    expect(asked).toHaveLength(4);
  });

  it('is not waited for where it was known already and is gone now', async () => {
    const config = someTopic(kafkaBrokers()!);
    await openTopic(createKafka(config, 'test', logger), config, logger);
    const asked: string[] = [];
    const gone = openTopic(withSlowBrokers(config, Infinity, asked), config, logger);
    await expect(gone).rejects.toMatchObject({ type: 'UNKNOWN_TOPIC_OR_PARTITION' });
    expect(asked).toHaveLength(1);
  });

  /** One whose brokers do not know a topic when they are asked the first times. */
  function withSlowBrokers(config: KafkaConfig, times: number, asked: string[]): Kafka {
    const kafka = createKafka(config, 'test', logger);
    const admin = (): Admin => {
      const real = kafka.admin();
      return {
        ...real,
        fetchTopicMetadata: (which) => {
          asked.push(...(which?.topics ?? []));
          if (asked.length > times) return real.fetchTopicMetadata(which);
          const type = 'UNKNOWN_TOPIC_OR_PARTITION';
          return Promise.reject(
            Object.assign(new kafkajs.KafkaJSError('This server does not host it'), { type }),
          );
        },
      };
    };
    return Object.assign(Object.create(kafka) as Kafka, { admin });
  }
});
