import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { messageOfEvent } from '../../examples/notifier/src/message-types.js';
import { freshDatabase } from '#test/support/database.js';
import { describeWith, kafkaBrokers } from '#test/support/engines.js';
import { startMailServer, type MailServer } from '#test/support/mail-server.js';
import { runNotifier, type RunningNotifier } from '#test/support/notifier-process.js';
import { isTakenIn } from '#test/support/order-topic.js';
import { failureOf, orderctl, startUpWith, type Up } from '#test/support/orderctl.js';
import { until } from '#test/support/until.js';

const TEST_LIMIT_MS = 240_000;
const WAIT_MS = 90_000;
jest.setTimeout(TEST_LIMIT_MS);

/** `orderlog.order.confirmed.v1` from the events' own names, as the feed of query-api has them. */
const LEADING = Object.keys(messageOfEvent).map((type) =>
  type
    .split('.')
    .slice(1, -1)
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join(''),
);

describeWith('kafka', 'the example notifier beside `orderctl up --kafka`', () => {
  const topic = `orders.${randomUUID()}`;
  const brokers = () => kafkaBrokers()!;
  let folder: string;
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let mail: MailServer;
  let admin: Admin;
  let up: Up;
  let notifier: RunningNotifier;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orderlog-notified-'));
    [database, mail] = await Promise.all([freshDatabase(), startMailServer()]);
    admin = new Kafka({ brokers: [...brokers()], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    up = await startUpWith({ ORDERLOG_KAFKA_TOPIC: topic }, folder, '--kafka', brokers().join());
    const { stdout } = await orderctl(
      ...['token', '--data', folder, '--scope', 'orders:read', '--tenant', 'demo', '--expires', '1h'],
    );
    await writeFile(join(folder, 'token'), stdout);
    notifier = runNotifier({
      NOTIFIER_KAFKA_BROKERS: brokers().join(),
      NOTIFIER_TOPIC: topic,
      NOTIFIER_DEAD_LETTERS_TOPIC: `${topic}.dlq`,
      NOTIFIER_GROUP: topic,
      NOTIFIER_POSTGRES_URL: database.url,
      NOTIFIER_QUERY_URL: `http://127.0.0.1:${up.ports.query}`,
      NOTIFIER_TENANT: 'demo',
      NOTIFIER_TOKEN_FILE: join(folder, 'token'),
      NOTIFIER_SMTP_URL: mail.url,
      NOTIFIER_FROM: 'shop@example.org',
    });
  }, TEST_LIMIT_MS);
  afterAll(async () => {
    await notifier?.end('SIGTERM');
    await up?.end('SIGTERM');
    await admin?.deleteTopics({ topics: [topic, `${topic}.dlq`] });
    await Promise.all([admin?.disconnect(), mail?.close(), database?.drop()]);
    await rm(folder, { recursive: true, force: true });
  }, TEST_LIMIT_MS);

  it('tells the customers of the demo day all that happened, once, also when the relay tells it again', async () => {
    const authorization = `Bearer ${(await readFile(join(folder, 'token'), 'utf8')).trim()}`;
    const url = `http://127.0.0.1:${up.ports.query}/v1/events?limit=1000&types=${LEADING.join()}`;
    const events = async () => {
      const { items } = (await (await fetch(url, { headers: { authorization } })).json()) as {
        items: object[];
      };
      return items.length;
    };
    const isTold = async () => (await events()) > 0 && mail.taken.length >= (await events());
    await until('the customers are told', isTold, WAIT_MS);
    const replayed = await orderctl(
      ...['relay', 'replay', '--data', folder, '--kafka', brokers().join(), '--topic', topic, '--from', '0'],
    );
    expect(failureOf(replayed)).toBeNull();
    await until('the topic is taken in', () => isTakenIn(admin, topic, topic), WAIT_MS);
    await until('the customers are told', isTold, WAIT_MS);
    const told = await events();
    expect(told).toBeGreaterThan(10);
    expect(await notifier.end('SIGTERM')).toBe(0); // what it had taken in is sent, or waits
    expect(mail.taken).toHaveLength(told);
    expect(new Set(mail.taken.map(({ messageId }) => messageId)).size).toBe(told);
  });
});
