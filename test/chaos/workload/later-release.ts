import { randomUUID } from 'node:crypto';
import type { Instant } from '#domain/instant.js';
import { encode } from '#event-store/codec.js';
import { AppendOutcomeUnknown, StoreUnavailable, WrongExpectedRevision } from '#event-store/errors.js';
import type { EventMetadata, EventStore, RawEvent } from '#event-store/port.js';
import { orderStream } from '#event-store/streams.js';
import { UNKNOWN_TYPE } from '../../support/quarantine.js';
import type { Random } from '../random.js';
import type { KnownOrders } from './orders.js';

/**
 * One process of a later release that runs too early. It appends an event that this release cannot read, and then
 * one that it can.
 */
export class LaterRelease {
  /** Ids of all events that it tried to append, whatever came of them. */
  readonly eventIds = new Set<string>();
  readonly #store: Pick<EventStore, 'append' | 'readStream'>;
  readonly #orders: KnownOrders;
  readonly #tenantId: string;
  readonly #random: Random;

  constructor(
    store: Pick<EventStore, 'append' | 'readStream'>,
    of: { orders: KnownOrders; tenantId: string; random: Random },
  ) {
    this.#store = store;
    this.#orders = of.orders;
    this.#tenantId = of.tenantId;
    this.#random = of.random;
  }

  /** Appends to the end of one order. It may fail, because the store is away or another writer was faster. */
  async append(): Promise<void> {
    const order = this.#orders.one(this.#random, this.#tenantId);
    if (order === undefined) return;
    try {
      const last = await this.#lastOf(orderStream(order.tenantId, order.orderId));
      if (last === null) return; // not placed yet, or refused
      const metadata = { ...(last.metadata as EventMetadata), commandId: randomUUID() };
      const unknown = { eventId: randomUUID(), type: UNKNOWN_TYPE, data: last.data, metadata };
      const { occurredAt } = last.data as { occurredAt: Instant };
      const happened = { type: 'TagsChanged', occurredAt, data: { tags: ['of a later release'] } } as const;
      const events = [unknown, ...(await encode(order.orderId, [{ ...happened, personal: null }], metadata))];
      for (const { eventId } of events) this.eventIds.add(eventId);
      await this.#store.append(last.stream, events, last.revision);
    } catch (error) {
      if (!maybe.some((kind) => error instanceof kind)) throw error;
    }
  }

  async #lastOf(stream: string): Promise<RawEvent | null> {
    let last: RawEvent | null = null;
    for await (const event of this.#store.readStream(stream)) last = event;
    return last;
  }
}

const maybe = [AppendOutcomeUnknown, StoreUnavailable, WrongExpectedRevision];
