import { randomUUID } from 'node:crypto';
import { decode } from '#event-store/codec.js';
import type { EncodedEvent, EventStore, StoredOrderEvent } from '#event-store/port.js';
import { orderStream } from '#event-store/streams.js';
import type { Instant } from '#domain/instant.js';

/** A stream that no other test uses. */
export function someStream(): string {
  return orderStream('default', randomUUID());
}

/** An event for the port, which does not look at its content. */
export function someEvent(data: unknown = { tags: ['new'] }): EncodedEvent {
  return {
    eventId: randomUUID(),
    type: 'TagsChanged',
    data: { occurredAt: '2026-11-22T18:00:00.000Z', data, personal: null },
    metadata: {
      tenantId: 'default',
      commandId: randomUUID(),
      fingerprint: '0123456789abcdef0123456789abcdef',
      correlationId: randomUUID(),
      causationId: null,
      actor: { type: 'service', id: 'test' },
      recordedAt: '2026-11-22T18:00:00.000Z' as Instant,
      schemaVersion: 1,
      traceparent: null,
    },
  };
}

export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** All events of an order, decoded. */
export async function orderEvents(
  store: Pick<EventStore, 'readStream'>,
  orderId: string,
  tenantId = 'default',
): Promise<readonly StoredOrderEvent[]> {
  return decode(await collected(store.readStream(orderStream(tenantId, orderId))));
}
