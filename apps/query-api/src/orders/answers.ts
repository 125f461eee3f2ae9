import { itemColumns } from '#read-models/readers/summary-item.js';
import { facetNames } from '#read-models/search/order-search.js';
import { orderTextFields } from '#read-models/search/order-texts.js';
import type { ColumnType } from '#read-models/order-summary.js';
import { staleProperties } from './order-answer.js';
import {
  integer,
  listOf,
  nullableText,
  nullableTime,
  object,
  objectWith,
  text,
  time,
  uuid,
  type Schema,
} from './schemas.js';

/** The schemas of answers, for the OpenAPI document: made from the columns that the answers are made from. */

const anything = {};

const page = (items: Schema, atTimes: Readonly<Record<string, Schema>>): Schema =>
  objectWith({ items: listOf(items), nextCursor: nullableText }, atTimes);

const schemaOfType: Readonly<Record<ColumnType, Schema>> = {
  text,
  uuid,
  int4: integer,
  int8: { type: 'integer', description: 'Minor units.' },
  bool: { type: 'boolean' },
  timestamptz: time,
  'text[]': listOf(text),
  json: anything,
};

const summaryProperties = Object.fromEntries(
  itemColumns.map(({ field, type, nullable }) => [field, nullable ? nullableText : schemaOfType[type]]),
);
const summary = object(summaryProperties);
const actor = object({ type: { ...text, enum: ['customer', 'user', 'service'] }, id: text });
const changedFields: Schema = {
  type: 'object',
  additionalProperties: object({ from: anything, to: anything }),
  description: 'Fields of the summary, before and after.',
};
const event = {
  revision: integer,
  eventId: uuid,
  type: text,
  data: { type: 'object', additionalProperties: true, description: 'Without personal data.' },
  occurredAt: time,
  recordedAt: time,
  commandId: uuid,
  correlationId: text,
  causationId: nullableText,
  actor,
};
const sums = {
  currency: text,
  ...Object.fromEntries(
    [
      'orders',
      'guestOrders',
      'lines',
      'units',
      'orderedTotalMinor',
      'totalMinor',
      'capturedMinor',
      'refundedMinor',
      'balanceDueMinor',
      'returnsClosed',
      'ordersWithReturns',
      'unitsReturned',
    ].map((name) => [name, integer]),
  ),
};
const facet = listOf(
  object({
    value: {
      ...nullableText,
      description:
        'null: orders that have none. A month is of UTC, as 2011-10; a band of totals, from the first amount to below ' +
        'the second in whole major units of a currency, is as GBP 50-100, and the highest as GBP 10000+.',
    },
    orders: integer,
  }),
);
const highlight = object({
  field: { ...text, enum: [...orderTextFields] },
  text: { ...text, description: 'As the order has it.' },
  ranges: {
    ...listOf({ type: 'array', items: integer, minItems: 2, maxItems: 2 }),
    description: 'Where in the text: first and, excluded, last UTF-16 unit of each place.',
  },
});

const hit = object({
  ...summaryProperties,
  highlights: {
    ...listOf(highlight),
    description: "The order's own texts that hold what was asked for, ten at most; never a person's name.",
  },
});

const staleAmong: Schema = {
  ...listOf(uuid),
  description: 'Orders of the page of which a later change cannot be shown yet; absent when there are none.',
};

export const pageOfSummaries = page(summary, { stale: staleAmong });
export const exportedOrderSchema = objectWith(summaryProperties, { stale: staleProperties['stale']! });
export const historySchema = page(object({ ...event, changes: changedFields }), staleProperties);
export const feedSchema = object({
  items: listOf(
    object({
      position: text,
      orderId: uuid,
      next: { ...text, description: 'Give it as `after` to go on behind this event.' },
      ...event,
    }),
  ),
  next: { ...text, description: 'Give it as `after` to go on.' },
  hasMore: {
    type: 'boolean',
    description:
      'There may be more behind `next` already, also where nothing of this page was of the types asked for; else ask ' +
      'again later.',
  },
});
const diffProperties = {
  orderId: uuid,
  from: { ...object({ revision: integer }), nullable: true },
  to: object({ revision: integer }),
  changes: listOf({
    type: 'object',
    required: ['pointer', 'op', 'by'],
    properties: {
      pointer: {
        ...text,
        description: 'Into the later state; into the earlier one for what was removed.',
      },
      op: { ...text, enum: ['add', 'remove', 'replace'] },
      from: anything,
      to: anything,
      by: listOf(
        object({
          revision: integer,
          eventId: uuid,
          type: text,
          commandId: uuid,
          actor,
          occurredAt: time,
          recordedAt: time,
        }),
      ),
    },
  }),
};
export const diffSchema = objectWith(diffProperties, staleProperties);
export const diffListSchema = page(
  object({
    orderId: uuid,
    from: { ...summary, nullable: true, description: 'null: it was not there yet.' },
    to: summary,
    changes: changedFields,
  }),
  { stale: staleAmong },
);
const searchProperties = {
  items: listOf(hit),
  nextCursor: nullableText,
  total: integer,
  facets: { type: 'object', properties: Object.fromEntries(facetNames.map((name) => [name, facet])) },
  indexedThrough: { ...nullableText, description: 'A position: everything up to it can be found.' },
};
export const searchSchema = objectWith(searchProperties, { stale: staleAmong });
const staleAmongCounted: Schema = {
  type: 'boolean',
  enum: [true],
  description:
    'A later change of an order that is counted cannot be shown yet. Not told of: an order that only such a change ' +
    'would have counted.',
};
export const totalsSchema = objectWith(
  { items: listOf(object({ key: nullableText, ...sums })) },
  { stale: staleAmongCounted },
);
const customerProperties = {
  customerId: text,
  firstOrderAt: nullableTime,
  lastOrderAt: nullableTime,
  orders: integer,
  byStatus: { type: 'object', additionalProperties: integer },
  totals: listOf(object(sums)),
};
export const customerSchema = objectWith(customerProperties, { stale: staleAmongCounted });
