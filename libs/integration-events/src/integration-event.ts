import type { OrderEvent } from '#domain/order/order.js';
import type { Actor, StoredOrderEvent } from '#event-store/port.js';
import { integrationTypeOf, publishedEvents } from './published-events.js';

/** What every message says about its order. It is set when the order is placed and never changes. */
export interface OrderHead {
  readonly number: string;
  readonly reference: string | null;
  readonly customerId: string | null;
  readonly currency: string;
}

/**
 * An order event as other systems see it: the attributes and the data of a CloudEvent 1.0.
 * It holds no personal data.
 */
export interface IntegrationEvent {
  /** The event's id: the same whenever the event is sent again. */
  readonly id: string;
  readonly type: string;
  /** `/orderlog/<tenant>` */
  readonly source: string;
  /** The order's id. */
  readonly subject: string;
  /** When it happened in the business. */
  readonly time: string;
  readonly orderrevision: number;
  /** When it was recorded. */
  readonly recordedtime: string;
  readonly correlationid: string;
  readonly causationid: string | null;
  readonly traceparent: string | null;
  readonly data: object;
}

/** The head of an order, from its first event. */
export function headOf({ data }: Extract<StoredOrderEvent, { type: 'OrderPlaced' }>): OrderHead {
  const { number, reference, customerId, currency } = data;
  return { number, reference, customerId, currency };
}

/** @throws Error for a type that is not in `publishedEvents`: one that the compiler does not know */
export function integrationEvent(event: StoredOrderEvent, head: OrderHead): IntegrationEvent {
  const { type, orderId, metadata, recording } = event;
  const published = publishedEvents[type] as { factsOf: (event: OrderEvent) => object } | undefined;
  if (published === undefined) throw new Error(`no published event for ${String(type)}`);
  return {
    id: event.eventId,
    type: integrationTypeOf(type),
    source: `/orderlog/${metadata.tenantId}`,
    subject: orderId,
    time: event.occurredAt,
    orderrevision: recording.revision,
    recordedtime: recording.recordedAt,
    correlationid: metadata.correlationId,
    causationid: metadata.causationId,
    traceparent: metadata.traceparent,
    data: {
      tenantId: metadata.tenantId,
      orderId,
      number: head.number,
      reference: head.reference,
      customerId: head.customerId,
      currency: head.currency,
      revision: recording.revision,
      ...withoutOwnWords(published.factsOf(event), metadata.actor),
    },
  };
}

/** Drops a customer's reason: customers may write about themselves and others there. Staff and systems do not. */
function withoutOwnWords(facts: object, { type }: Actor): object {
  return type === 'customer' && 'reason' in facts ? { ...facts, reason: null } : facts;
}
