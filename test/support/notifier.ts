import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { activeGeneration } from '#read-models/generations/generation.js';
import { freshDatabase } from './database.js';
import { startMailServer, type MailServer } from './mail-server.js';
import { NOTIFIER, runNotifier, type RunningNotifier } from './notifier-process.js';
import type { WrittenOrder } from './order-streams.js';
import { OrderTopic } from './order-topic.js';
import { startTestQuerySystem, type TestQuerySystem } from './query-api.js';
import { finished, repositoryRoot, type Finished } from './seeded-tree.js';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';
import { until } from './until.js';

/** Kafka notices only after ten seconds that a group member was killed, and the machine may be busy. */
const SETTLE_LIMIT_MS = 90_000;

export interface InboxRow {
  readonly eventId: string;
  readonly recipient: string;
  readonly type: string;
  readonly state: string;
  readonly reason: string | null;
  readonly attempts: number;
}

/** The example notifier with real engines: a topic of its own, query-api, PostgreSQL and an SMTP server. */
export class NotifierBench {
  readonly system: TestQuerySystem;
  readonly mail: MailServer;
  /** The network between the notifier and its PostgreSQL. */
  readonly postgres: TcpProxy;
  readonly topic: OrderTopic;
  readonly environment: Readonly<Record<string, string>>;
  readonly #pool: pg.Pool;
  readonly #closers: (() => Promise<unknown>)[];
  readonly #running = new Set<RunningNotifier>();

  private constructor(parts: {
    brokers: readonly string[];
    system: TestQuerySystem;
    mail: MailServer;
    postgres: TcpProxy;
    topic: OrderTopic;
    databaseUrl: string;
    folder: string;
    closers: (() => Promise<unknown>)[];
  }) {
    this.system = parts.system;
    this.mail = parts.mail;
    this.postgres = parts.postgres;
    this.topic = parts.topic;
    this.#pool = new pg.Pool({ connectionString: parts.databaseUrl, max: 1 });
    this.#pool.on('error', () => {}); // a test may end every connection, and its database ends before it has closed
    this.#closers = parts.closers;
    const throughProxy = new URL(parts.databaseUrl);
    throughProxy.port = String(parts.postgres.port);
    this.environment = {
      PATH: process.env['PATH'] ?? '',
      NOTIFIER_KAFKA_BROKERS: parts.brokers.join(),
      NOTIFIER_TOPIC: this.topic.name,
      NOTIFIER_DEAD_LETTERS_TOPIC: `${this.topic.name}.dlq`,
      NOTIFIER_GROUP: this.topic.name,
      NOTIFIER_POSTGRES_URL: throughProxy.href,
      NOTIFIER_QUERY_URL: parts.system.url,
      NOTIFIER_TOKEN_FILE: join(parts.folder, 'token'),
      NOTIFIER_SMTP_URL: parts.mail.url,
      NOTIFIER_FROM: 'shop@example.org',
      NOTIFIER_SMS_DOMAIN: 'sms.example.net',
      NOTIFIER_RETRY_MS: '100',
      NOTIFIER_RETRY_MAX_MS: '400',
    };
  }

  static async open(brokers: readonly string[]): Promise<NotifierBench> {
    const [system, mail, database, folder] = await Promise.all([
      startTestQuerySystem(),
      startMailServer(),
      freshDatabase(),
      mkdtemp(join(tmpdir(), 'orderlog-notifier-')),
    ]);
    const postgres = await startTcpProxy(Number(new URL(database.url).port));
    system.startProjector();
    await writeFile(join(folder, 'token'), await system.token({ lifetimeSeconds: 3_600 }));
    const topic = await OrderTopic.open(brokers, system.eventStore);
    const closers = [
      () => topic.close(),
      () => postgres.close(),
      () => mail.close(),
      () => system.close(),
      () => database.drop(),
      () => rm(folder, { recursive: true }),
    ];
    const parts = { brokers, system, mail, postgres, topic, databaseUrl: database.url, folder, closers };
    return new NotifierBench(parts);
  }

  /** Starts a notifier. It need not be ready when this returns. */
  start(environment: Readonly<Record<string, string>> = {}): RunningNotifier {
    const running = runNotifier({ ...this.environment, ...environment });
    this.#running.add(running);
    return running;
  }

  /** Runs another command of the notifier to its end. */
  command(...parameters: readonly string[]): Promise<Finished> {
    return this.commandWith({}, ...parameters);
  }

  commandWith(
    environment: Readonly<Record<string, string>>,
    ...parameters: readonly string[]
  ): Promise<Finished> {
    const all = { ...this.environment, ...environment };
    return finished(process.execPath, [NOTIFIER, ...parameters], repositoryRoot, all);
  }

  /** Leaves the read models as an erasure of personal data does. */
  async erase(order: WrittenOrder): Promise<void> {
    const { status } = await this.system.ask(
      `/v1/orders/${order.orderId}?minRevision=${order.order.revision}`,
    );
    if (status !== 200) throw new Error(`the order is not in the read models: ${status}`);
    const client = new pg.Client({ connectionString: this.system.postgresUrl });
    await client.connect();
    const generation = await activeGeneration(client);
    const { rowCount } = await client.query(
      `UPDATE ${generation!.schema}.orders SET personal = '"erased"' WHERE order_id = $1`,
      [order.orderId],
    );
    await client.end();
    if (rowCount !== 1) throw new Error('no row of the order was there to erase');
  }

  async inbox(): Promise<InboxRow[]> {
    const { rows } = await this.#pool.query<InboxRow>(
      `SELECT event_id AS "eventId", recipient, type, state, reason, attempts FROM notifier.inbox
       ORDER BY received_at, revision, recipient`,
    );
    return rows;
  }

  /** How many members the notifier's group has, as Kafka sees it. */
  members(): Promise<number> {
    return this.topic.membersOf(this.environment['NOTIFIER_GROUP']!);
  }

  /** Whether the last statement of a connection of the notifier contains these words. */
  async hasAsked(words: string): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `SELECT FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND strpos(query, $1) > 0`,
      [words],
    );
    return rowCount !== 0;
  }

  /** Waits until the notifier has taken in the whole topic and no message waits. */
  async settled(): Promise<void> {
    const group = this.environment['NOTIFIER_GROUP']!;
    await until('the topic is taken in', () => this.topic.isTakenIn(group), SETTLE_LIMIT_MS);
    const isSettled = async () => (await this.inbox()).every(({ state }) => state !== 'waiting');
    await until('no message waits', isSettled, SETTLE_LIMIT_MS);
  }

  /** Ends every notifier that a test left running. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map((running) => running.end('SIGTERM')));
    this.#running.clear();
  }

  async close(): Promise<void> {
    await this.stopAll();
    await this.#pool.end();
    for (const closer of this.#closers) await closer();
  }
}
