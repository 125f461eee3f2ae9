import type { OrderEvent, OrderEventType } from '#domain/order/order.js';
import { count, currency, id, objectSchema, text, textOrNull, type JsonSchema } from './fields.js';
import { publishedCancellations } from './published/cancellations.js';
import { publishedContact } from './published/contact.js';
import { publishedEdits } from './published/edits.js';
import { publishedLifecycle } from './published/lifecycle.js';
import { publishedNotes } from './published/notes.js';
import { publishedPayments } from './published/payments.js';
import { publishedPlacing } from './published/placing.js';
import type { PublishedPart } from './published/publish.js';
import { publishedRefunds } from './published/refunds.js';
import { publishedReturns } from './published/returns.js';
import { publishedShipments } from './published/shipments.js';
import { publishedStock } from './published/stock.js';

/** How each event of an order is published to other systems. */
export const publishedEvents: PublishedPart<OrderEvent> = {
  ...publishedPlacing,
  ...publishedLifecycle,
  ...publishedEdits,
  ...publishedContact,
  ...publishedStock,
  ...publishedPayments,
  ...publishedRefunds,
  ...publishedShipments,
  ...publishedCancellations,
  ...publishedReturns,
  ...publishedNotes,
};

export const publishedEventTypes = Object.keys(publishedEvents) as readonly OrderEventType[];

/** The fields about the order that the data of every message has, before the facts of the event. */
const headSchema = objectSchema({
  tenantId: text('The tenant that owns the order.'),
  orderId: id('The id of the order, which is also the key of the message.'),
  number: text("The order's number, which people can say aloud."),
  reference: textOrNull("The caller's own name for the order; not unique."),
  customerId: textOrNull("The caller's own id for the customer; null: it is a guest's order."),
  currency: currency('ISO 4217: the currency of every amount of the order.'),
  revision: count(
    "The event's number within its order: 0, 1, 2 … without a gap, except for events that an operator left out.",
  ),
});

/** The schema of a message's data. */
export function dataSchema(type: OrderEventType): JsonSchema {
  const { facts } = publishedEvents[type];
  return {
    ...headSchema,
    properties: { ...headSchema.properties, ...facts.properties },
    required: [...headSchema.required!, ...facts.required!],
  };
}

const integrationTypes = new Map(
  publishedEventTypes.map((type) => [
    type as string,
    `orderlog.${type.replace(/(?<!^)(?=[A-Z])/g, '.').toLowerCase()}.v${publishedEvents[type].version}`,
  ]),
);

/** `orderlog.order.placed.v1` for OrderPlaced: its words in lower case, and the version of its schema. */
export function integrationTypeOf(type: OrderEventType): string {
  return integrationTypes.get(type)!;
}
