import { StreamDeleted } from '#event-store/errors.js';
import { orderStream } from '#event-store/streams.js';
import type { OutgoingMessage } from '#integration-events/kafka-binding.js';
import type { Logger } from '#platform/logging.js';
import type { SeenEvent } from '#read-models/generations/made-from.js';
import { SkippedEvents } from '#read-models/skipped-events.js';
import { BEHIND_REASON, type EventToPark, type ParkedEvent } from '#read-models/stores/quarantine.store.js';
import type { RelayStore, TopicEnds } from '#read-models/stores/relay.store.js';
import { DELETION_REVISION } from '../quarantine/faults.js';
import { Rate } from '../engine/rate.js';
import { OneAtATime } from '../engine/one-at-a-time.js';
import type { MessageMaker, Outgoing } from './outgoing.js';
import { readStream, type ReadableStore } from '../engine/read-stream.js';
import type { TopicWriter } from './topic-writer.js';

interface SendingOptions {
  readonly eventStore: ReadableStore;
  readonly logger: Logger;
  /** Of the owner's lease. */
  readonly token: bigint;
}

interface OutgoingBatch {
  readonly outgoing: readonly Outgoing[];
  /** All events up to here are in this batch or were in earlier ones. */
  readonly position: bigint;
}

const SETTLE_EVERY_MS = 200;

/** The outcome of another try of one order. */
export interface RelayRetry {
  readonly stream: string;
  /** Where and why the order is still parked; null: all was sent. */
  readonly stuck: { readonly revision: number; readonly reason: string } | null;
}

/**
 * Sends batches one after the other, parks what cannot be sent, and never lets the checkpoint pass what Kafka has
 * acknowledged. Once an event of an order is parked, its later events are too, so that none overtakes another.
 */
export class Sending {
  readonly totals = { events: 0, batches: 0, parked: 0 };
  readonly rate = new Rate();
  /** All events up to here were acknowledged or are parked. */
  position: bigint | null = null;
  /** Of the topic, with all that was acknowledged; null: not known yet. */
  ends: TopicEnds | null = null;
  /** Taken from the subscription, not yet acknowledged. */
  underWay = 0;
  readonly #store: RelayStore;
  readonly #options: SendingOptions;
  /** How many events are parked, by order id, which is also the key of messages. */
  readonly #parked = new Map<string, number>();
  #skipped = new SkippedEvents();
  /** One at a time: a batch, or another try of what is parked. */
  readonly #oneAtATime = new OneAtATime();
  /** Of those that were acknowledged, parked or skipped, the last; null: none since this ownership began. */
  #lastEvent: SeenEvent | null = null;
  #unsettled: EventToPark[] = [];
  #settledPosition: bigint | null = null;
  #settledMs = -Infinity;

  constructor(store: RelayStore, options: SendingOptions) {
    this.#store = store;
    this.#options = options;
  }

  get parkedOrders(): number {
    return this.#parked.size;
  }

  get parkedEvents(): number {
    return [...this.#parked.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Loads the position, and tries what is parked again. @throws when Kafka or a store is away */
  async begin(writer: TopicWriter, maker: MessageMaker): Promise<void> {
    const { position, ends } = await this.#store.reached();
    this.position = this.#settledPosition = position;
    this.ends = ends;
    this.#parked.clear();
    this.#skipped = await this.#store.skipped();
    await this.#retry(null, writer, maker);
  }

  /** Tries what is parked of one order again, or (null) of all. @throws when Kafka or a store is away */
  retry(orderId: string | null, writer: TopicWriter, maker: MessageMaker): Promise<RelayRetry[]> {
    return this.#oneAtATime.run(async () => {
      await this.#settle(); // so that events parked a moment ago are included
      this.#skipped = await this.#store.skipped();
      return this.#retry(orderId, writer, maker);
    });
  }

  async #retry(orderId: string | null, writer: TopicWriter, maker: MessageMaker): Promise<RelayRetry[]> {
    const byStream = new Map<string, ParkedEvent[]>();
    for (const event of await this.#store.parked()) {
      if (orderId !== null && event.orderId !== orderId) continue;
      const stream = orderStream(event.tenantId, event.orderId);
      const known = byStream.get(stream);
      if (known) known.push(event);
      else byStream.set(stream, [event]);
    }
    const retried: RelayRetry[] = [];
    for (const [stream, events] of byStream) {
      retried.push({ stream, stuck: await this.#tryAgain(stream, events, writer, maker) });
    }
    return retried;
  }

  /** @throws when Kafka or a store is away; the same batch, or a longer one, is to be sent then */
  send(writer: TopicWriter, batch: OutgoingBatch): Promise<void> {
    return this.#oneAtATime.run(() => this.#send(writer, batch));
  }

  /** Writes the checkpoint and what was parked before it in one transaction. */
  settle(): Promise<void> {
    return this.#oneAtATime.run(() => this.#settle());
  }

  async #send(writer: TopicWriter, { outgoing, position }: OutgoingBatch): Promise<void> {
    const parked = await this.#sendAll(writer, outgoing);
    this.ends = writer.ends;
    this.position = position;
    this.#lastEvent = outgoing.at(-1) ?? this.#lastEvent;
    this.totals.events += outgoing.length;
    if (outgoing.length > 0) this.totals.batches += 1;
    this.totals.parked += parked.length;
    this.rate.add(outgoing.length);
    this.#unsettled.push(...parked);
    if (parked.length > 0 || performance.now() - this.#settledMs >= SETTLE_EVERY_MS) await this.#settle();
  }

  async #settle(): Promise<void> {
    const { position, ends } = this;
    if (position === null || position === this.#settledPosition) return;
    const reached = { position, lastEvent: this.#lastEvent, ends };
    await this.#store.advance(this.#options.token, reached, this.#unsettled);
    this.#unsettled = [];
    this.#settledPosition = position;
    this.#settledMs = performance.now();
  }

  /** @returns what was parked instead */
  async #sendAll(writer: TopicWriter, all: readonly Outgoing[]): Promise<EventToPark[]> {
    const outgoing = this.#kept(all);
    const unsendable = new Set<string>();
    const messages: OutgoingMessage[] = [];
    for (const { orderId, message } of outgoing) {
      if (this.#parked.has(orderId) || unsendable.has(orderId)) continue;
      if (typeof message === 'string') unsendable.add(orderId);
      else messages.push(message);
    }
    const refused = new Map(
      (await writer.send(messages)).map(({ message, reason }) => [message, reason] as const),
    );
    if (unsendable.size === 0 && refused.size === 0 && this.#parked.size === 0) return [];
    return this.#park(outgoing, refused);
  }

  #kept(outgoing: readonly Outgoing[]): readonly Outgoing[] {
    if (this.#skipped.orders === 0) return outgoing;
    return outgoing.filter(({ stream, revision }) => !this.#skipped.of(stream).has(revision));
  }

  #park(outgoing: readonly Outgoing[], refused: ReadonlyMap<OutgoingMessage, string>): EventToPark[] {
    const parked: EventToPark[] = [];
    for (const { message, tenantId, orderId, revision, position, eventId, type } of outgoing) {
      const before = this.#parked.get(orderId) ?? 0;
      const own = typeof message === 'string' ? message : refused.get(message);
      if (before === 0 && own === undefined) continue;
      const reason = own ?? BEHIND_REASON;
      const how =
        before === 0 ? ({ kind: 'permanent', tries: 1 } as const) : ({ kind: 'behind', tries: 0 } as const);
      const of = { tenantId, orderId, revision, position, eventId, type };
      parked.push({ ...of, ...how, reason, nextTryAfterMs: null });
      this.#parked.set(orderId, before + 1);
      if (before === 0) {
        this.#options.logger.error(
          { tenantId, orderId, revision, reason },
          'an order is parked: its events are no longer relayed',
        );
      }
    }
    return parked;
  }

  /** @returns where and why the order is still parked; null: all of it was sent */
  async #tryAgain(
    stream: string,
    parked: readonly ParkedEvent[],
    writer: TopicWriter,
    maker: MessageMaker,
  ): Promise<RelayRetry['stuck']> {
    const [first] = parked;
    const last = parked.at(-1)!;
    const { token } = this.#options;
    const found = await this.#parkedOutgoing(stream, first!.revision, last.revision, maker);
    if (found instanceof Error) {
      // Nothing of a deleted stream can be sent any more: its last parked event alone stays. Of any other stream
      // all stay.
      const { revision } = found instanceof StreamDeleted ? last : first!;
      return this.#stuck(stream, parked, { revision, reason: found.message });
    }
    const unreadable = found.findIndex(({ message }) => typeof message === 'string');
    const sendable = unreadable === -1 ? found : found.slice(0, unreadable);
    const [refused] = await writer.send(sendable.map(({ message }) => message as OutgoingMessage));
    const at = refused ? found.find(({ message }) => message === refused.message) : found[unreadable];
    if (at !== undefined) {
      const reason = refused?.reason ?? (at.message as string);
      return this.#stuck(stream, parked, { revision: at.revision, reason });
    }
    await this.#store.tried(token, first!, last.revision + 1, null);
    this.#parked.delete(last.orderId);
    this.#options.logger.info({ stream, events: parked.length }, 'the parked events of an order are sent');
    return null;
  }

  async #stuck(
    stream: string,
    parked: readonly ParkedEvent[],
    stuck: NonNullable<RelayRetry['stuck']>,
  ): Promise<RelayRetry['stuck']> {
    const [order] = parked;
    await this.#store.tried(this.#options.token, order!, stuck.revision, stuck.reason);
    this.#parked.set(order!.orderId, parked.filter(({ revision }) => revision >= stuck.revision).length);
    this.#options.logger.warn({ stream, ...stuck }, 'an order is still parked: its events are not relayed');
    return stuck;
  }

  /** The outgoing events for what is parked, without those skipped; or why the stream cannot be read. */
  async #parkedOutgoing(
    stream: string,
    from: number,
    to: number,
    maker: MessageMaker,
  ): Promise<readonly Outgoing[] | Error> {
    const deleted = from === DELETION_REVISION || to === DELETION_REVISION;
    const range = { fromRevision: deleted ? 0 : from, maxCount: deleted ? 1 : to - from + 1 };
    const read = await readStream(this.#options.eventStore, stream, range);
    if (read instanceof StreamDeleted) return this.#skipped.of(stream).has(DELETION_REVISION) ? [] : read;
    return read instanceof Error ? read : this.#kept(await maker.make(read));
  }
}
