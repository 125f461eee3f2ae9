import type { EventStore, RawEvent } from '#event-store/port.js';
import { ORDER_STREAM_PREFIX } from '#event-store/streams.js';
import type { OutgoingMessage } from '#integration-events/kafka-binding.js';
import { count, counted } from '#platform/counted.js';
import type { KafkaConfig } from '#platform/kafka-settings.js';
import { createLogger } from '#platform/logging.js';
import { MessageMaker, type Outgoing } from '#projections/relay/outgoing.js';
import { openTopic } from '#projections/relay/topic.js';
import { TopicWriter } from '#projections/relay/topic-writer.js';
import type { ParkedEvent } from '#read-models/stores/quarantine.store.js';
import { CliError, oneLine } from '../support/cli-error.js';
import { inWords, openKafka } from '../support/kafka.js';
import type { RelayedSoFar } from './relayed-so-far.js';

/** Positions; both ends are included. */
export interface SentRange {
  readonly from: bigint;
  readonly to: bigint;
}

/** An order of which nothing was sent from one of its events on. */
export interface LeftOut {
  readonly tenantId: string;
  readonly orderId: string;
  readonly fromRevision: number;
  readonly reason: string;
}

export interface SentAgain {
  /** Events that were sent. */
  readonly events: number;
  /** Events that were left out because a person has skipped them. */
  readonly skipped: number;
  readonly leftOut: readonly LeftOut[];
  /** The topic has everything up to here; below `to` when this was interrupted. */
  readonly position: bigint;
}

export interface SendAgainOptions {
  readonly eventStore: EventStore;
  /** Events that the relay has parked or skips are not sent into its topic. */
  readonly relayed: Pick<RelayedSoFar, 'parked' | 'skipped'>;
  readonly config: KafkaConfig;
  readonly range: SentRange;
  /** Ends this after the batch under way. */
  readonly signal: AbortSignal;
  readonly onPosition: (position: bigint) => void;
  readonly batchMaxEvents?: number;
}

const BATCH_MAX_EVENTS = 500;
const PARKED = 'the relay has parked this event, and later ones must not overtake it';

/**
 * Sends the order events in a range of `$all` once more, in order. A missing topic is created.
 * @throws CliError that says how to go on, when it is interrupted by the signal or by Kafka
 */
export async function sendAgain(options: SendAgainOptions): Promise<SentAgain> {
  const { config, range } = options;
  const kafka = await openKafka(config);
  const topic = await openTopic(kafka, config, createLogger('orderctl', 'silent')).catch((error: unknown) => {
    throw inWords(error, config);
  });
  const writer = new TopicWriter(kafka, topic, config.compression);
  const sending = new SendingAgain(options, writer);
  try {
    await sending.run();
  } catch (error) {
    const why = inWords(error, config);
    const words = oneLine(why instanceof Error ? why.message : String(why));
    throw new CliError(`${sending.goOn()}: ${words}`, { cause: error });
  } finally {
    await writer.close().catch(() => {}); // nothing more is to be learned from a broken connection
  }
  const { sent } = sending;
  if (sent.position < range.to) throw new CliError(sending.goOn());
  return sent;
}

class SendingAgain {
  readonly #options: SendAgainOptions;
  readonly #writer: TopicWriter;
  readonly #maker: MessageMaker;
  readonly #parked: ReadonlyMap<string, ParkedEvent>;
  readonly #leftOut = new Map<string, LeftOut>();
  /** Position of the first event that was left out. Later events of its order were left out too. */
  #leftOutFrom: bigint | null = null;
  #skipped = 0;
  #events = 0;
  #position: bigint;

  constructor(options: SendAgainOptions, writer: TopicWriter) {
    this.#options = options;
    this.#writer = writer;
    this.#maker = new MessageMaker(options.eventStore);
    // The list is reversed, so that the first parked event of each order is set last and stays.
    this.#parked = new Map(options.relayed.parked.toReversed().map((event) => [event.orderId, event]));
    this.#position = options.range.from - 1n;
  }

  /** Also valid after `run` threw. */
  get sent(): SentAgain {
    const leftOut = [...this.#leftOut.values()];
    return { events: this.#events, skipped: this.#skipped, leftOut, position: this.#position };
  }

  /**
   * Says where it stopped and how to go on. Orders that were left out must not get later events before the
   * events that they miss.
   */
  goOn(): string {
    const { position, events, leftOut } = this.sent;
    const stopped = `stopped at position ${position} after ${counted(events, 'event')}`;
    const [first] = leftOut;
    if (first === undefined) return `${stopped}: go on with --from ${position + 1n}`;
    const { tenantId, orderId, fromRevision, reason } = first;
    const others = leftOut.length === 1 ? '' : ` and ${count(leftOut.length - 1)} more`;
    return (
      `${stopped}, without ${tenantId} ${orderId} from event ${fromRevision} on (${oneLine(reason)})${others}: ` +
      `go on with --from ${this.#leftOutFrom}, or they are sent with a gap`
    );
  }

  async run(): Promise<void> {
    const { eventStore, range, signal, onPosition, batchMaxEvents = BATCH_MAX_EVENTS } = this.#options;
    const { from, to } = range;
    const stop = new AbortController();
    const messages = eventStore.subscribeToAll({
      after: from === 0n ? null : from - 1n,
      streamPrefix: ORDER_STREAM_PREFIX,
      signal: AbortSignal.any([signal, stop.signal]),
    });
    let batch: RawEvent[] = [];
    try {
      for await (const message of messages) {
        if (signal.aborted) return;
        const caughtUp = message.kind === 'caught_up';
        const position = message.kind === 'event' ? message.event.position : caughtUp ? to : message.position;
        if (message.kind === 'event' && position <= to) batch.push(message.event);
        if (batch.length < batchMaxEvents && position < to) continue;
        await this.#send(batch);
        batch = [];
        this.#position = position < to ? position : to;
        onPosition(this.#position);
        if (position >= to) return;
      }
    } finally {
      stop.abort();
    }
  }

  async #send(events: readonly RawEvent[]): Promise<void> {
    const sendable: Outgoing[] = [];
    for (const each of await this.#maker.make(events)) {
      if (this.#isSkipped(each)) this.#skipped += 1;
      else if (this.#leftOut.has(each.orderId)) continue;
      else if (this.#isParked(each)) this.#leaveOut(each, PARKED);
      else if (typeof each.message === 'string') this.#leaveOut(each, each.message);
      else sendable.push(each);
    }
    const refused = await this.#writer.send(sendable.map(({ message }) => message as OutgoingMessage));
    for (const { message, reason } of refused) {
      this.#leaveOut(
        sendable.find((each) => each.message === message)!,
        reason,
      );
    }
    this.#events += sendable.filter(({ orderId, revision }) => {
      const left = this.#leftOut.get(orderId);
      return left === undefined || revision < left.fromRevision;
    }).length;
  }

  #isSkipped({ stream, revision }: Outgoing): boolean {
    return this.#options.relayed.skipped.of(stream).has(revision);
  }

  #isParked({ orderId, revision }: Outgoing): boolean {
    const first = this.#parked.get(orderId);
    return first !== undefined && revision >= first.revision;
  }

  #leaveOut({ tenantId, orderId, revision, position }: Outgoing, reason: string): void {
    if (this.#leftOutFrom === null || position < this.#leftOutFrom) this.#leftOutFrom = position;
    this.#leftOut.set(orderId, { tenantId, orderId, fromRevision: revision, reason });
  }
}
