import { setTimeout as delay } from 'node:timers/promises';
import kafkajs, { type Kafka } from 'kafkajs';
import type { ExactEventStore } from '#event-store/port.js';
import type { KafkaConfig } from '#platform/kafka-settings.js';
import { createKafka } from '#platform/kafka.js';
import type { Logger } from '#platform/logging.js';
import { createPool } from '#platform/postgres.js';
import { prepareSharedTables } from '#read-models/generations/generation.js';
import { bindToStore, type Reached } from '#read-models/generations/made-from.js';
import type { ProjectionKey } from '#read-models/projection-key.js';
import { RelayStore, relayLease } from '#read-models/stores/relay.store.js';
import { BatchedSubscription } from '../engine/batched-subscription.js';
import { storeNow } from '../engine/store-now.js';
import {
  ProjectionEngine,
  type Owned,
  type ProjectionState,
  type ProjectionWork,
} from '../engine/projection-engine.js';
import { Leases } from '../lease/leases.js';
import { ANSWER_LIMIT_MS } from '../lease/ownership.js';
import { MessageMaker } from './outgoing.js';
import { serveRelayActions } from './relay-actions.js';
import { Sending } from './sending.js';
import { hasLost, openTopic, refuseAddedPartitions, type Topic } from './topic.js';
import { TopicReplaced, TopicWriter } from './topic-writer.js';

export interface RelayOptions {
  readonly eventStore: Pick<
    ExactEventStore,
    'subscribeToAll' | 'readStream' | 'headPosition' | 'appendExact'
  >;
  readonly postgresUrl: string;
  readonly kafka: KafkaConfig;
  readonly logger: Logger;
  /** The leases of the process; by default this relay has its own. */
  readonly leases?: Leases;
  /** After how long without a message it looks at the topic before the next one; by default, a second. */
  readonly lookAfterMs?: number;
}

const RENEW =
  'give the projector the right event store, or have the relay begin anew: orderctl relay renew; consumers recognise repeats by ce_id';
const LIMITS = { maxEvents: 500, maxBytes: 4_000_000 };
/** How long events wait for others, live with a request under way or catching up: few large requests are faster. */
const GATHER_MS = { live: 25, catchingUp: 100 };
/** At the end, how long to wait for a request that is under way, and then for recording what came of it. */
const END_LIMIT_MS = 3_000;

/** Sends every order event to a topic of Kafka, at least once and in order per order, for as long as it runs. */
export class Relay implements ProjectionWork {
  readonly name = 'relay';
  readonly engine: ProjectionEngine;
  topic: Topic | null = null;
  sending: Sending | null = null;
  /** The lease token that `sending` belongs to. */
  #token: bigint | null = null;
  #subscription: BatchedSubscription | null = null;
  readonly #options: RelayOptions;
  readonly #kafka: Kafka;
  readonly #maker: MessageMaker;

  /** @throws when the file with Kafka's certificate authority cannot be read */
  constructor(options: RelayOptions) {
    this.#options = options;
    const { postgresUrl, logger, leases = new Leases(postgresUrl) } = options;
    this.engine = new ProjectionEngine(this, { postgresUrl, logger, leases });
    this.#kafka = createKafka(options.kafka, 'orderlog-relay', options.logger);
    this.#maker = new MessageMaker(options.eventStore);
  }

  get state(): ProjectionState {
    return this.engine.state;
  }

  get lastError(): string | null {
    return this.engine.lastError;
  }

  get written(): number {
    return this.sending?.totals.events ?? 0;
  }

  get position(): bigint | null {
    return this.sending?.position ?? null;
  }

  /** Received, not yet acknowledged. */
  get pendingEvents(): number {
    return (this.#subscription?.size ?? 0) + (this.sending?.underWay ?? 0);
  }

  isAway(error: unknown): boolean {
    return error instanceof kafkajs.KafkaJSError;
  }

  /** Returns when the signal aborts. Whatever keeps events from being sent is waited for, however long. */
  run(signal: AbortSignal): Promise<void> {
    return this.engine.run(signal);
  }

  /** The lease names the cluster, which only Kafka can tell: in another cluster nothing was sent yet. */
  async prepare(): Promise<ProjectionKey> {
    this.sending = null; // it belonged to the previous ownership
    this.#token = null;
    await this.#prepareTables();
    this.topic = await openTopic(this.#kafka, this.#options.kafka, this.#options.logger);
    return relayLease(this.topic);
  }

  async follow({ db, token, lease, signal }: Owned): Promise<void> {
    const { kafka, logger, eventStore, lookAfterMs } = this.#options;
    this.topic = await openTopic(this.#kafka, kafka, logger);
    if (relayLease(this.topic).projection !== lease.projection) {
      throw new Error(
        `another Kafka cluster answers, ${this.topic.clusterId}, and this process does not own the relay to it`,
      );
    }
    const writer = new TopicWriter(this.#kafka, this.topic, kafka.compression, lookAfterMs);
    const stop = new AbortController();
    const store = new RelayStore(db, this.topic);
    try {
      const reached = await this.#reached(store, token);
      await bindToStore(db, lease, reached, await storeNow(eventStore), RENEW);
      if (this.sending === null || this.#token !== token) {
        // Parked orders are tried once per ownership: what was refused a moment ago would be refused again.
        const sending = new Sending(store, { eventStore, logger, token });
        await sending.begin(writer, this.#maker);
        this.sending = sending;
        this.#token = token;
      }
      const { sending } = this;
      const asked = { db, scope: lease, store, sending, writer, maker: this.#maker, logger };
      const serving = serveRelayActions(asked, AbortSignal.any([signal, stop.signal]));
      try {
        await this.#follow(sending, writer, signal);
      } finally {
        stop.abort();
        await soon(serving);
      }
    } catch (error) {
      if (error instanceof TopicReplaced) await this.#beginAnew(store, token);
      throw error;
    } finally {
      await soon(writer.close().catch(() => {})); // a broken connection is closed already
    }
  }

  /**
   * How far it is; its position is null where nothing was sent yet, or the topic has lost what was.
   * @throws PartitionsAdded when the topic has more of them than it had
   */
  async #reached(store: RelayStore, token: bigint): Promise<Reached> {
    const stored = await store.reached();
    const position = this.sending?.position ?? stored.position;
    const ends = this.sending?.ends ?? stored.ends;
    const topic = this.topic!;
    if (position === null) return { ...stored, position };
    if (hasLost(topic, ends)) {
      await this.#beginAnew(store, token);
      return { position: null, lastEvent: null };
    }
    if (ends !== null) refuseAddedPartitions(topic.topic, topic.ends.length, ends.length);
    return { ...stored, position };
  }

  /** The topic was deleted, and perhaps created again by another client: all events are sent again. */
  async #beginAnew(store: RelayStore, token: bigint): Promise<void> {
    this.#options.logger.warn(
      { topic: this.topic!.topic, position: this.sending?.position },
      'the topic no longer has the events that were sent to it: sending all events again',
    );
    await store.forget(token);
    this.sending = null;
  }

  /** While one batch is under way, the next one is made. */
  async #follow(sending: Sending, writer: TopicWriter, signal: AbortSignal): Promise<void> {
    const subscription = new BatchedSubscription({
      ...{ eventStore: this.#options.eventStore, limits: LIMITS, signal, after: sending.position },
      onCaughtUp: () => {
        subscription.hurry();
        this.#noteCaughtUp(subscription, sending);
      },
    });
    this.#subscription = subscription;
    let underWay: Promise<void> = Promise.resolve();
    try {
      for (;;) {
        const { events, position } = await subscription.next(() => this.#gatherMs(sending));
        if (this.state !== 'live') this.engine.become('catching_up');
        sending.underWay += events.length;
        const outgoing = await this.#maker.make(events);
        await underWay;
        underWay = sending.send(writer, { outgoing, position }).then(async () => {
          sending.underWay -= events.length;
          if (subscription.size === 0) await sending.settle();
          this.#noteCaughtUp(subscription, sending);
        });
        underWay.catch((error: unknown) => subscription.end(error));
      }
    } finally {
      this.#subscription = null;
      await soon(Promise.allSettled([subscription.close(), underWay]));
      sending.underWay = 0;
      // Records what was acknowledged, so that it is not sent again. If this fails or takes too long, it is.
      const settled = sending.settle().catch((err: unknown) => {
        this.#options.logger.warn(
          { err },
          'recording what the relay sent last failed: it will be sent again',
        );
      });
      await soon(settled);
    }
  }

  #gatherMs({ underWay }: Sending): number {
    if (this.state !== 'live') return GATHER_MS.catchingUp;
    return underWay === 0 ? 0 : GATHER_MS.live;
  }

  #noteCaughtUp(subscription: BatchedSubscription, sending: Sending): void {
    if (subscription.hasCaughtUp(sending.position)) this.engine.become('live');
  }

  async #prepareTables(): Promise<void> {
    const pool = createPool(this.#options.postgresUrl, {
      max: 1,
      applicationName: 'orderlog projector relay',
      statementTimeoutMs: ANSWER_LIMIT_MS,
    });
    try {
      await prepareSharedTables(pool);
    } finally {
      await pool.end();
    }
  }
}

/** Waits for the work, but not for ever: a broker may say nothing. */
async function soon(work: Promise<unknown>): Promise<void> {
  await Promise.race([work, delay(END_LIMIT_MS, undefined, { ref: false })]);
}
