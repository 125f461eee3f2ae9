import { decodeEach } from '#event-store/codec.js';
import { UnreadableEvent } from '#event-store/errors.js';
import type { RawEvent, StoredOrderEvent } from '#event-store/port.js';
import { parseOrderStream } from '#event-store/streams.js';
import { integrationEvent } from '#integration-events/integration-event.js';
import { kafkaMessage, type OutgoingMessage } from '#integration-events/kafka-binding.js';
import { DELETION_REVISION } from '../quarantine/faults.js';
import { OrderHeads } from './order-heads.js';
import type { ReadableStore } from '../engine/read-stream.js';

/** An event on its way to the topic. */
export interface Outgoing {
  readonly stream: string;
  readonly tenantId: string;
  readonly orderId: string;
  readonly revision: number;
  readonly position: bigint;
  readonly eventId: string;
  readonly type: string;
  /** The message, or why none can be made. */
  readonly message: OutgoingMessage | string;
}

/** Makes messages of stored events. */
export class MessageMaker {
  readonly #heads: OrderHeads;

  constructor(eventStore: ReadableStore) {
    this.#heads = new OrderHeads(eventStore);
  }

  /**
   * Makes messages in the order of the events. An event whose stream belongs to no order, whatever its prefix, is
   * left out.
   * @throws StoreUnavailable when the event store as a whole is away
   */
  async make(events: readonly RawEvent[]): Promise<Outgoing[]> {
    const decoded = (await decodeEach(events)).map((event) =>
      event instanceof UnreadableEvent ? event.message : event,
    );
    const heads = await this.#heads.of(events, decoded);
    const made: Outgoing[] = [];
    for (const [index, { stream, revision: told, position, eventId, type }] of events.entries()) {
      const event = decoded[index]!;
      const order = typeof event === 'string' ? parseOrderStream(stream) : ownerOf(event);
      if (order === null) continue;
      const message = typeof event === 'string' ? event : messageOf(event, heads.get(stream)!);
      const revision = Math.min(told, DELETION_REVISION);
      const { tenantId, orderId } = order;
      made.push({ stream, tenantId, orderId, revision, position, eventId, type, message });
    }
    return made;
  }
}

function ownerOf({ metadata, orderId }: StoredOrderEvent): { tenantId: string; orderId: string } {
  return { tenantId: metadata.tenantId, orderId };
}

function messageOf(
  event: StoredOrderEvent,
  head: Parameters<typeof integrationEvent>[1] | string,
): OutgoingMessage | string {
  return typeof head === 'string' ? head : kafkaMessage(integrationEvent(event, head));
}
