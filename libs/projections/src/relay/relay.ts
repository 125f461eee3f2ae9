import { setTimeout as delay } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import type pg from 'pg';
import { StoreUnavailable } from '#event-store/errors.js';
import type { ExactEventStore, RawEvent } from '#event-store/port.js';
import { storeNow } from '#event-store/store-identity.js';
import type { KafkaPlace } from '#platform/kafka-settings.js';
import { createKafka } from '#platform/kafka.js';
import type { Logger } from '#platform/logging.js';
import { createPool } from '#platform/postgres.js';
import { prepareSharedTables } from '#read-models/generations.js';
import { bindToStore } from '#read-models/made-from.js';
import { RelayStore, relayProjection } from '#read-models/stores/relay-store.js';
import { EventBuffer } from '../event-buffer.js';
import { feed } from '../feed.js';
import { messageOf, OwnershipLost, pause } from '../interruptions.js';
import { Ownership } from '../ownership.js';
import { MessageMaker } from './outgoing.js';
import { Sending } from './sending.js';
import { openTopic, type Topic } from './topic.js';
import { TopicWriter } from './topic-writer.js';

export interface RelayOptions {
  readonly eventStore: Pick<
    ExactEventStore,
    'subscribeToAll' | 'readStream' | 'headPosition' | 'appendExact'
  >;
  readonly postgresUrl: string;
  readonly kafka: KafkaPlace;
  readonly logger: Logger;
}

/** `waiting`: a store or Kafka is away, or refuses; it is tried again. */
export type RelayState = 'starting' | 'standby' | 'catching_up' | 'live' | 'waiting';

/** The name of the right to write to Kafka; it belongs to no generation of read models. */
const RELAY_OWNERSHIP = { projection: 'relay', generation: 0 };
const RENEW =
  'point the projector back, or let the relay begin anew, in which consumers know repeats by ce_id: orderctl relay renew';
const LIMITS = { maxEvents: 500, maxBytes: 4_000_000 };
/** How long events wait for others while a request is under way, and while there is history: few large ones are faster. */
const GATHER_MS = { live: 25, catchingUp: 100 };
const IDLE_CHECKPOINT_INTERVAL_MS = 250;
/** How long a request that is under way is waited for at the end; the connection is closed then. */
const END_LIMIT_MS = 3_000;

/** Sends every order event to a topic of Kafka, at least once and in order per order, for as long as it runs. */
export class Relay {
  state: RelayState = 'starting';
  topic: Topic | null = null;
  lastError: string | null = null;
  sending: Sending | null = null;
  #pending: EventBuffer | null = null;
  readonly #options: RelayOptions;
  readonly #kafka: Kafka;
  readonly #maker: MessageMaker;
  readonly #pool: pg.Pool;

  /** @throws when the file of Kafka's authority cannot be read */
  constructor(options: RelayOptions) {
    this.#options = options;
    this.#kafka = createKafka(options.kafka, 'orderlog-relay', options.logger);
    this.#maker = new MessageMaker(options.eventStore);
    this.#pool = createPool(options.postgresUrl, {
      max: 1,
      applicationName: 'orderlog projector relay',
      statementTimeoutMs: 0,
    });
  }

  /** Received, not yet acknowledged. */
  get pendingEvents(): number {
    return (this.#pending?.size ?? 0) + (this.sending?.underWay ?? 0);
  }

  /** Returns when the signal aborts. Whatever keeps events from being sent is waited for, however long. */
  async run(signal: AbortSignal): Promise<void> {
    for (let attempts = 0; !signal.aborted; attempts++) {
      try {
        await this.#own(signal);
      } catch (error) {
        if (signal.aborted) break;
        this.#failed(error);
        await pause(attempts, signal);
      }
    }
    await this.#pool.end();
  }

  async #own(signal: AbortSignal): Promise<void> {
    await prepareSharedTables(this.#pool);
    const ownership = await Ownership.acquire({
      connectionString: this.#options.postgresUrl,
      ...RELAY_OWNERSHIP,
      signal,
      onStandby: () => this.#become('standby'),
    });
    const owned = AbortSignal.any([signal, ownership.lost]);
    try {
      for (let attempts = 0; !owned.aborted; attempts++) {
        const before = this.sending?.totals.events ?? 0;
        try {
          await this.#relay(ownership.db, owned);
        } catch (error) {
          if (owned.aborted) break;
          if ((this.sending?.totals.events ?? 0) > before) attempts = 0;
          this.#failed(error);
          await pause(attempts, owned);
        }
      }
      if (ownership.lost.aborted) throw new OwnershipLost(ownership.lost.reason);
    } finally {
      this.sending = null;
      await ownership.release();
    }
  }

  async #relay(db: pg.Client, signal: AbortSignal): Promise<void> {
    const { kafka, logger } = this.#options;
    this.topic = await openTopic(this.#kafka, kafka, logger);
    const writer = new TopicWriter(this.#kafka, this.topic, kafka.compression);
    try {
      const store = new RelayStore(db, this.topic);
      const made = { generation: 0, projection: relayProjection(this.topic) };
      const reached = this.sending?.position ?? (await store.position());
      await bindToStore(db, made, reached, await storeNow(this.#options.eventStore), RENEW);
      if (this.sending === null) {
        // Once for each time that it becomes the owner: what was refused a moment ago would be again.
        const sending = new Sending(store, this.#options);
        await sending.begin(writer, this.#maker);
        this.sending = sending;
      }
      await this.#follow(this.sending, writer, signal);
    } finally {
      await writer.close().catch(() => {}); // a broken connection has nothing more to say
    }
  }

  /** While one batch is under way, the next one is made. */
  async #follow(sending: Sending, writer: TopicWriter, signal: AbortSignal): Promise<void> {
    const buffer = new EventBuffer(LIMITS);
    const stop = new AbortController();
    this.#become('catching_up');
    let caughtUpAt: bigint | null = null;
    const noteCaughtUp = () => {
      if (caughtUpAt === null || (sending.position ?? -1n) < caughtUpAt) return;
      caughtUpAt = null;
      this.lastError = null;
      this.#become('live');
    };
    const fed = feed({
      eventStore: this.#options.eventStore,
      after: sending.position,
      buffer,
      signal: AbortSignal.any([signal, stop.signal]),
      onCaughtUp: (position) => {
        caughtUpAt = position;
        buffer.hurry();
        noteCaughtUp();
      },
    });
    this.#pending = buffer;
    let underWay: Promise<void> = Promise.resolve();
    try {
      for (;;) {
        await buffer.some();
        await buffer.event(IDLE_CHECKPOINT_INTERVAL_MS);
        const busyMs = this.state === 'live' ? GATHER_MS.live : GATHER_MS.catchingUp;
        const calm = this.state === 'live' && sending.underWay === 0;
        await buffer.wholeBatch(calm ? 0 : busyMs);
        const { events, position } = buffer.take();
        sending.underWay += events.length;
        const outgoing = await this.#maker.make(events);
        await underWay;
        underWay = sending
          .send(writer, { outgoing, position, lastRecordedAt: lastRecordedAt(events) })
          .then(async () => {
            sending.underWay -= events.length;
            if (buffer.size === 0) await sending.settle();
            noteCaughtUp();
          });
        underWay.catch((error: unknown) => buffer.end(error));
      }
    } finally {
      stop.abort();
      buffer.end(new StoreUnavailable('the subscription was ended'));
      await Promise.race([
        Promise.allSettled([fed, underWay]),
        delay(END_LIMIT_MS, undefined, { ref: false }),
      ]);
      this.#pending = null;
      sending.underWay = 0;
      // What was acknowledged need not be sent again; where this fails, it is.
      await sending.settle().catch((error: unknown) => this.#failed(error));
    }
  }

  #become(state: RelayState): void {
    if (this.state === state) return;
    this.state = state;
    const position = this.sending?.position?.toString();
    this.#options.logger.info(
      { relay: state, topic: this.#options.kafka.topic, position },
      `relay: ${state}`,
    );
  }

  #failed(error: unknown): void {
    const message = messageOf(error);
    // Every two seconds for as long as a broker is away is more than anyone reads.
    if (message !== this.lastError) this.#options.logger.warn({ err: error }, 'relay interrupted');
    this.lastError = message;
    this.#become('waiting');
  }
}

function lastRecordedAt(events: readonly RawEvent[]): string | null {
  const metadata = events.at(-1)?.metadata as { recordedAt?: unknown } | null | undefined;
  return typeof metadata?.recordedAt === 'string' ? metadata.recordedAt : null;
}
