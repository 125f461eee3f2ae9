import type { EventStore, RawEvent } from '#event-store/port.js';
import { ORDER_STREAM_PREFIX } from '#event-store/streams.js';
import type { OutgoingMessage } from '#integration-events/kafka-binding.js';
import { MessageMaker, type Outgoing } from '#projections/relay/outgoing.js';
import type { TopicWriter } from '#projections/relay/topic-writer.js';

/** Both included. */
export interface ReplayRange {
  readonly from: bigint;
  readonly to: bigint;
}

/** An order of which nothing was sent from an event on. */
export interface LeftOut {
  readonly tenantId: string;
  readonly orderId: string;
  readonly fromRevision: number;
  readonly reason: string;
}

export interface Replayed {
  /** Sent. */
  readonly events: number;
  readonly leftOut: readonly LeftOut[];
  /** Up to here the topic has everything; below `to` when it was interrupted. */
  readonly position: bigint;
}

const BATCH_EVENTS = 500;

/** Sends the order events of a range of `$all` once more, in order. */
export class Replay {
  readonly #eventStore: EventStore;
  readonly #writer: TopicWriter;
  readonly #maker: MessageMaker;
  readonly #leftOut = new Map<string, LeftOut>();
  #events = 0;
  #position: bigint;

  constructor(eventStore: EventStore, writer: TopicWriter, { from }: ReplayRange) {
    this.#eventStore = eventStore;
    this.#writer = writer;
    this.#maker = new MessageMaker(eventStore);
    this.#position = from - 1n;
  }

  /** Also after `run` threw. */
  get replayed(): Replayed {
    return { events: this.#events, leftOut: [...this.#leftOut.values()], position: this.#position };
  }

  /** Returns at the end, or when the signal aborts, after what is under way. */
  async run(
    { from, to }: ReplayRange,
    signal: AbortSignal,
    onPosition: (position: bigint) => void,
  ): Promise<void> {
    const stop = new AbortController();
    const after = from === 0n ? null : from - 1n;
    const messages = this.#eventStore.subscribeToAll({
      after,
      streamPrefix: ORDER_STREAM_PREFIX,
      signal: stop.signal,
    });
    let batch: RawEvent[] = [];
    try {
      for await (const message of messages) {
        if (signal.aborted) return;
        const caughtUp = message.kind === 'caughtUp';
        const position = message.kind === 'event' ? message.event.position : caughtUp ? to : message.position;
        if (message.kind === 'event' && position <= to) batch.push(message.event);
        if (batch.length < BATCH_EVENTS && position < to) continue;
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
      if (this.#leftOut.has(each.orderId)) continue;
      if (typeof each.message === 'string') this.#leaveOut(each, each.message);
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

  #leaveOut({ tenantId, orderId, revision }: Outgoing, reason: string): void {
    this.#leftOut.set(orderId, { tenantId, orderId, fromRevision: revision, reason });
  }
}
