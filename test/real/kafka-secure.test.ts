import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { EachMessagePayload, Kafka } from 'kafkajs';
import { readConfig } from '#platform/config.js';
import type { ConfigName } from '#platform/config-names.js';
import { createKafka } from '#platform/kafka.js';
import { kafkaOf, kafkaSettings, type KafkaConfig } from '#platform/kafka-settings.js';
import { createLogger } from '#platform/logging.js';
import { openTopic } from '#projections/relay/topic.js';
import { TopicWriter } from '#projections/relay/topic-writer.js';
import { describeWithSecureKafka, startSecureKafka, type SecureKafka } from '../support/secure-kafka.js';
import { selfSignedCertificate } from '../support/self-signed-certificate.js';

jest.setTimeout(60_000);

// An engine takes seconds to start, longer on a busy machine or where it is downloaded first.
const START_LIMIT_MS = 240_000;
const USERNAME = 'relay';
const PASSWORD = `s3cret-${randomUUID()}`;

describeWithSecureKafka('a Kafka behind TLS that asks who is there', () => {
  const logger = createLogger('kafka-secure', 'silent');
  let folder: string;
  let broker: SecureKafka | undefined;
  const ca = () => join(folder, 'ca.pem');
  const otherCa = () => join(folder, 'other-ca.pem');

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orderlog-kafka-ca-'));
    const certificate = selfSignedCertificate();
    await writeFile(ca(), certificate.cert);
    await writeFile(otherCa(), selfSignedCertificate().cert);
    broker = await startSecureKafka({ certificate, username: USERNAME, password: PASSWORD });
  }, START_LIMIT_MS);
  afterAll(async () => {
    await broker?.stop();
    await rm(folder, { recursive: true, force: true });
  }, START_LIMIT_MS);

  function configOf(
    mechanism: string,
    { host = 'localhost', ...more }: { host?: string } & Partial<Record<ConfigName, string>> = {},
  ): KafkaConfig {
    const settings = readConfig(kafkaSettings, {
      ORDERLOG_KAFKA_BROKERS: `${host}:${broker!.port}`,
      ORDERLOG_KAFKA_TOPIC: `secure-${randomUUID()}`,
      ORDERLOG_KAFKA_PARTITIONS: '1',
      ORDERLOG_KAFKA_TLS: 'true',
      ORDERLOG_KAFKA_CA_FILE: ca(),
      ORDERLOG_KAFKA_SASL_MECHANISM: mechanism,
      ORDERLOG_KAFKA_SASL_USERNAME: USERNAME,
      ORDERLOG_KAFKA_SASL_PASSWORD: PASSWORD,
      ...more,
    });
    return kafkaOf(settings)!;
  }

  async function refusal(config: KafkaConfig): Promise<Error> {
    const error = await openTopic(createKafka(config, 'test', logger), config, logger).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (error === null) throw new Error('it was not refused');
    expect(inspect(error, { depth: 12, showHidden: true })).not.toContain(config.sasl!.password);
    return error as Error;
  }

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'])(
    'takes a message from who logs in by %s, and gives it back',
    async (mechanism) => {
      const config = configOf(mechanism);
      const kafka = createKafka(config, 'test', logger);
      const writer = new TopicWriter(kafka, await openTopic(kafka, config, logger), config.compression);
      await writer.send([{ key: 'A-1', value: mechanism, headers: {} }]);
      await writer.close();
      expect(await firstValue(kafka, config.topic)).toBe(mechanism);
    },
  );

  it.each([
    ['plain', 'SASL PLAIN authentication failed: Authentication failed: Invalid username or password'],
    ['scram-sha-256', 'SASL SCRAM SHA256 authentication failed: '],
    ['scram-sha-512', 'SASL SCRAM SHA512 authentication failed: '],
  ])('refuses a wrong password, by %s, and says so', async (mechanism, why) => {
    const config = configOf(mechanism, { ORDERLOG_KAFKA_SASL_PASSWORD: `wr0ng-${randomUUID()}` });
    expect((await refusal(config)).message).toContain(why);
  });

  it('is not spoken to when its certificate is of another authority', async () => {
    const config = configOf('plain', { ORDERLOG_KAFKA_CA_FILE: otherCa() });
    // Later versions of Node go on with what to try.
    expect((await refusal(config)).message).toMatch(/^Connection error: self-signed certificate/);
  });

  it('is not spoken to when its certificate is of another host', async () => {
    const { message } = await refusal(configOf('plain', { host: '127.0.0.1' }));
    expect(message).toContain("IP: 127.0.0.1 is not in the cert's list");
  });
});

async function firstValue(kafka: Kafka, topic: string): Promise<string> {
  const consumer = kafka.consumer({ groupId: `test-${randomUUID()}` });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    // What a broker refuses while it makes ready for its first group, the consumer asks again by itself.
    return await new Promise((done, failed) => {
      const eachMessage = async ({ message }: EachMessagePayload) => done(String(message.value));
      consumer.run({ eachMessage }).catch(failed);
    });
  } finally {
    await consumer.disconnect();
  }
}
