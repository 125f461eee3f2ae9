import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Kafka, logLevel, type Admin, type Producer } from 'kafkajs';
import pg from 'pg';
import { decode } from '#event-store/codec.js';
import type { RawEvent } from '#event-store/port.js';
import { headOf, integrationEvent, type OrderHead } from '#integration-events/integration-event.js';
import { kafkaMessage, type OutgoingMessage } from '#integration-events/kafka-binding.js';
import { activeGeneration } from '#read-models/generations.js';
import { freshDatabase } from './database.js';
import { startMailServer, type MailServer } from './mail-server.js';
import type { WrittenOrder } from './order-streams.js';
import { startTestQuerySystem, type TestQuerySystem } from './query-api.js';
import { finished, repositoryRoot, type Finished } from './seeded-tree.js';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';
import { until } from './until.js';

const PROGRAM = join(repositoryRoot, 'dist/examples/notifier/src/main.js');
const PARTITIONS = 4;
/** A member that was killed is missed by Kafka for ten seconds; the machine may do much else. */
const SETTLE_LIMIT_MS = 90_000;

export interface InboxRow {
  readonly eventId: string;
  readonly recipient: string;
  readonly type: string;
  readonly state: string;
  readonly reason: string | null;
  readonly attempts: number;
}

export interface RunningNotifier {
  /** What it has logged. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null>;
}

/** The example notifier between real engines: a topic of its own, query-api, PostgreSQL, an SMTP server. */
export class NotifierBench {
  readonly system: TestQuerySystem;
  readonly mail: MailServer;
  /** The network between the notifier and its PostgreSQL. */
  readonly postgres: TcpProxy;
  readonly topic = `orders.${randomUUID()}`;
  readonly environment: Readonly<Record<string, string>>;
  readonly #admin: Admin;
  readonly #producer: Producer;
  readonly #pool: pg.Pool;
  readonly #closers: (() => Promise<unknown>)[];
  readonly #running = new Set<RunningNotifier>();
  /** What was told of each order so far. */
  readonly #told = new Map<string, { head: OrderHead; messages: OutgoingMessage[] }>();

  private constructor(parts: {
    brokers: readonly string[];
    system: TestQuerySystem;
    mail: MailServer;
    postgres: TcpProxy;
    databaseUrl: string;
    folder: string;
    closers: (() => Promise<unknown>)[];
  }) {
    this.system = parts.system;
    this.mail = parts.mail;
    this.postgres = parts.postgres;
    const kafka = new Kafka({ brokers: [...parts.brokers], logLevel: logLevel.NOTHING });
    this.#admin = kafka.admin();
    this.#producer = kafka.producer();
    this.#pool = new pg.Pool({ connectionString: parts.databaseUrl, max: 1 });
    this.#pool.on('error', () => {}); // a test may end every connection
    this.#closers = parts.closers;
    const throughProxy = new URL(parts.databaseUrl);
    throughProxy.port = String(parts.postgres.port);
    this.environment = {
      PATH: process.env['PATH'] ?? '',
      NOTIFIER_KAFKA_BROKERS: parts.brokers.join(),
      NOTIFIER_TOPIC: this.topic,
      NOTIFIER_DEAD_LETTERS_TOPIC: `${this.topic}.dlq`,
      NOTIFIER_GROUP: this.topic,
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
    const closers = [
      () => postgres.close(),
      () => mail.close(),
      () => system.close(),
      () => database.drop(),
      () => rm(folder, { recursive: true }),
    ];
    const parts = { brokers, system, mail, postgres, databaseUrl: database.url, folder, closers };
    const bench = new NotifierBench(parts);
    await Promise.all([bench.#admin.connect(), bench.#producer.connect()]);
    const topics = [{ topic: bench.topic, numPartitions: PARTITIONS }];
    await bench.#admin.createTopics({ topics, waitForLeaders: true });
    return bench;
  }

  /** Starts one. It is not ready yet. */
  start(environment: Readonly<Record<string, string>> = {}): RunningNotifier {
    const child = spawn(process.execPath, [PROGRAM, 'run'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...this.environment, ...environment },
    });
    const lines: Record<string, unknown>[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(JSON.parse(line) as Record<string, unknown>);
    });
    const ended = once(child, 'exit') as Promise<[number | null]>;
    const end = async (signal: NodeJS.Signals) => {
      child.kill(signal);
      this.#running.delete(running);
      return (await ended)[0];
    };
    const running = { lines, kill: async () => void (await end('SIGKILL')), stop: () => end('SIGTERM') };
    this.#running.add(running);
    return running;
  }

  /** Runs another of its commands to the end. */
  command(...parameters: readonly string[]): Promise<Finished> {
    return this.commandWith({}, ...parameters);
  }

  commandWith(
    environment: Readonly<Record<string, string>>,
    ...parameters: readonly string[]
  ): Promise<Finished> {
    const all = { ...this.environment, ...environment };
    return finished(process.execPath, [PROGRAM, ...parameters], repositoryRoot, all);
  }

  /** Tells the topic what has happened to an order since the last time, as the relay does. */
  async tell(order: WrittenOrder): Promise<void> {
    const told = this.#told.get(order.orderId);
    const raw: RawEvent[] = [];
    const fromRevision = told?.messages.length ?? 0;
    for await (const event of this.system.eventStore.readStream(order.stream, { fromRevision }))
      raw.push(event);
    const events = await decode(raw);
    const [first] = events;
    if (told === undefined && first?.type !== 'OrderPlaced')
      throw new Error('an order begins with OrderPlaced');
    const head = told?.head ?? headOf(first as Parameters<typeof headOf>[0]);
    const messages = events.map((event) => kafkaMessage(integrationEvent(event, head)));
    this.#told.set(order.orderId, { head, messages: [...(told?.messages ?? []), ...messages] });
    await this.send(messages);
  }

  /** All that was told of an order, once more. */
  async repeat(order: WrittenOrder): Promise<void> {
    await this.send(this.messagesOf(order));
  }

  messagesOf(order: WrittenOrder): readonly OutgoingMessage[] {
    return this.#told.get(order.orderId)?.messages ?? [];
  }

  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    await this.#producer.send({ topic: this.topic, acks: -1, messages: [...messages] });
  }

  /** What the erasure of personal data leaves in the read models. */
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

  /** Until everything in the topic was taken in and nothing waits any more. */
  async settled(): Promise<void> {
    await this.takenIn();
    const isSettled = async () => (await this.inbox()).every(({ state }) => state !== 'waiting');
    await until('no message waits', isSettled, SETTLE_LIMIT_MS);
  }

  /** Until the offset committed for each partition is its end. */
  async takenIn(): Promise<void> {
    const isAtEnd = async () => {
      const ends = await this.#admin.fetchTopicOffsets(this.topic);
      const group = { groupId: this.topic, topics: [this.topic] };
      const [committed] = await this.#admin.fetchOffsets(group).catch(noneWhileLoading);
      return ends.every(({ partition, high }) => {
        const at = committed?.partitions.find((one) => one.partition === partition)?.offset ?? '-1';
        return high === '0' || at === high;
      });
    };
    await until('the topic is taken in', isAtEnd, SETTLE_LIMIT_MS);
  }

  /** Ends every notifier that a test left. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map((running) => running.stop()));
  }

  async close(): Promise<void> {
    await this.stopAll();
    await this.#admin.deleteTopics({ topics: [this.topic] });
    await Promise.all([this.#admin.disconnect(), this.#producer.disconnect(), this.#pool.end()]);
    for (const closer of this.#closers) await closer();
  }
}

/** Of a broker whose first group this is. */
function noneWhileLoading(error: unknown): [] {
  if (!/coordinator/i.test(String(error))) throw error;
  return [];
}
