import type { EventStore, RawEvent } from '#event-store/port.js';
import { orderStream } from '#event-store/streams.js';
import type { OutgoingMessage } from '#integration-events/kafka-binding.js';
import type { Logger } from '#platform/logging.js';
import type { ParkedEvent, RelayStore } from '#read-models/stores/relay-store.js';
import { Rate } from '../rate.js';
import type { MessageMaker, Outgoing } from './outgoing.js';
import type { TopicWriter } from './topic-writer.js';

interface SendingOptions {
  readonly eventStore: Pick<EventStore, 'readStream'>;
  readonly logger: Logger;
  /** Of the owner's lease. */
  readonly token: bigint;
}

interface OutgoingBatch {
  readonly outgoing: readonly Outgoing[];
  /** All events up to here are in this batch or were in earlier ones. */
  readonly position: bigint;
  /** Of the last event. */
  readonly lastRecordedAt: string | null;
}

const SETTLE_EVERY_MS = 200;
const BEHIND = 'an earlier event of the order is parked';

/**
 * Sends batches, one after the other, parks what cannot be sent, and keeps the checkpoint behind what Kafka has
 * acknowledged. Once something of an order is parked, its later events are too: none overtakes another.
 */
export class Sending {
  readonly totals = { events: 0, batches: 0, parked: 0 };
  readonly rate = new Rate();
  /** All events up to here were acknowledged or are parked. */
  position: bigint | null = null;
  lastRecordedAt: string | null = null;
  /** Taken from the subscription, not yet acknowledged. */
  underWay = 0;
  readonly #store: RelayStore;
  readonly #options: SendingOptions;
  /** Orders of which something is parked, and how much; by id, as messages are by key. */
  readonly #parked = new Map<string, number>();
  #unsettled: ParkedEvent[] = [];
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

  /** Where it was, and another try of what was parked then. @throws when Kafka or a store is away */
  async begin(writer: TopicWriter, maker: MessageMaker): Promise<void> {
    this.position = this.#settledPosition = await this.#store.position();
    this.#parked.clear();
    const byStream = new Map<string, ParkedEvent[]>();
    for (const event of await this.#store.parked()) {
      const stream = orderStream(event.tenantId, event.orderId);
      const known = byStream.get(stream);
      if (known) known.push(event);
      else byStream.set(stream, [event]);
    }
    for (const [stream, events] of byStream) await this.#tryAgain(stream, events, writer, maker);
  }

  /** @throws when Kafka or a store is away; the same batch, or a longer one, is to be sent then */
  async send(writer: TopicWriter, { outgoing, position, lastRecordedAt }: OutgoingBatch): Promise<void> {
    const parked = await this.#sendAll(writer, outgoing);
    this.position = position;
    this.lastRecordedAt = lastRecordedAt ?? this.lastRecordedAt;
    this.totals.events += outgoing.length;
    if (outgoing.length > 0) this.totals.batches += 1;
    this.totals.parked += parked.length;
    this.rate.add(outgoing.length);
    this.#unsettled.push(...parked);
    if (parked.length > 0 || performance.now() - this.#settledMs >= SETTLE_EVERY_MS) await this.settle();
  }

  /** The checkpoint, and what was parked before it, in one transaction. */
  async settle(): Promise<void> {
    const { position } = this;
    if (position === null || position === this.#settledPosition) return;
    await this.#store.advance(this.#options.token, position, this.#unsettled);
    this.#unsettled = [];
    this.#settledPosition = position;
    this.#settledMs = performance.now();
  }

  /** @returns what was parked instead */
  async #sendAll(writer: TopicWriter, outgoing: readonly Outgoing[]): Promise<ParkedEvent[]> {
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

  #park(outgoing: readonly Outgoing[], refused: ReadonlyMap<OutgoingMessage, string>): ParkedEvent[] {
    const parked: ParkedEvent[] = [];
    for (const { message, tenantId, orderId, revision, position } of outgoing) {
      const before = this.#parked.get(orderId) ?? 0;
      const own = typeof message === 'string' ? message : refused.get(message);
      if (before === 0 && own === undefined) continue;
      const reason = own ?? BEHIND;
      parked.push({ tenantId, orderId, revision, position, reason });
      this.#parked.set(orderId, before + 1);
      if (before === 0) {
        this.#options.logger.error(
          { tenantId, orderId, revision, reason },
          'an order is not relayed any further',
        );
      }
    }
    return parked;
  }

  async #tryAgain(
    stream: string,
    parked: readonly ParkedEvent[],
    writer: TopicWriter,
    maker: MessageMaker,
  ): Promise<void> {
    const [first] = parked;
    const last = parked.at(-1)!;
    const raw: RawEvent[] = [];
    const range = { fromRevision: first!.revision, maxCount: last.revision - first!.revision + 1 };
    for await (const event of this.#options.eventStore.readStream(stream, range)) raw.push(event);
    const outgoing = await maker.make(raw);
    const unreadable = outgoing.findIndex(({ message }) => typeof message === 'string');
    const sendable = unreadable === -1 ? outgoing : outgoing.slice(0, unreadable);
    const [refused] = await writer.send(sendable.map(({ message }) => message as OutgoingMessage));
    const stuck = refused
      ? outgoing.find(({ message }) => message === refused.message)
      : outgoing[unreadable];
    if (stuck === undefined) {
      await this.#store.tried(this.#options.token, first!, last.revision + 1, null);
      this.#options.logger.info({ stream, events: parked.length }, 'what was parked of an order is sent');
      return;
    }
    const reason = refused?.reason ?? (stuck.message as string);
    await this.#store.tried(this.#options.token, first!, stuck.revision, reason);
    const { orderId } = last;
    this.#parked.set(orderId, (this.#parked.get(orderId) ?? 0) + last.revision - stuck.revision + 1);
  }
}
