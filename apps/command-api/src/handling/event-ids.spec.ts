import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { orderEventTypes, type OrderEvent, type OrderEventType } from '#domain/order/order.js';
import { eventIds } from './event-ids.js';

const streams = new URL('../../../../libs/event-store/golden/streams/', import.meta.url);
const examples = readdirSync(streams).flatMap((file) => {
  const { events } = JSON.parse(readFileSync(new URL(file, streams), 'utf8')) as {
    events: { type: OrderEventType; data: Pick<OrderEvent, 'data' | 'personal'> }[];
  };
  return events.map(({ type, data }) => ({ type, ...data }) as OrderEvent);
});

/** The names of the ids in the answer, for events of each type. */
function namesOf(type: OrderEventType): string[] {
  const [longest] = examples
    .filter((event) => event.type === type)
    .map((event) => Object.keys(eventIds(event)))
    .sort((a, b) => b.length - a.length);
  return longest ?? [];
}

describe('the ids of an event', () => {
  it('are those of what it created or is about', () => {
    expect(Object.fromEntries(orderEventTypes.map((type) => [type, namesOf(type)]))).toMatchObject({
      OrderPlaced: ['lineIds', 'discountIds', 'surchargeIds'],
      OrderConfirmed: [],
      LineAdded: ['lineId'],
      DiscountApplied: ['discountId'],
      SurchargeAdded: ['surchargeId'],
      PaymentCaptured: ['paymentId'],
      PaymentReversed: ['paymentId'],
      RefundRequested: ['refundId'],
      ShipmentCreated: ['shipmentId'],
      LinesCancelled: ['cancellationId'],
      ReturnRequested: ['returnId'],
      NoteAdded: ['noteId'],
      TagsChanged: [],
    });
  });

  it('are ids, as the event holds them', () => {
    for (const event of examples) {
      for (const id of Object.values(eventIds(event)).flat()) {
        expect(id).toMatch(/^[0-9a-f-]{36}$/);
        expect(JSON.stringify(event.data)).toContain(id);
      }
    }
  });
});
