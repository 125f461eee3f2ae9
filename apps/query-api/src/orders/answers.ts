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
  int8: { type: 'integer', description: 'An amount in minor units of the currency.' },
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
  description: 'The fields of the summary that changed, before and after.',
};
const event = {
  revision: integer,
  eventId: uuid,
  type: text,
  data: {
    type: 'object',
    additionalProperties: true,
    description: 'The data of the event, without personal data.',
  },
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
        'null: orders without a value. Months, such as 2011-10, are in UTC. A total band, such as GBP 50-100, goes ' +
        'from its first amount to below its second, in whole major units of the currency; the highest is GBP 10000+.',
    },
    orders: integer,
  }),
);
const highlight = object({
  field: { ...text, enum: [...orderTextFields] },
  text: { ...text, description: 'The text, exactly as the order has it.' },
  ranges: {
    ...listOf({ type: 'array', items: integer, minItems: 2, maxItems: 2 }),
    description:
      'Where the searched words are in the text: start and end of each place, in UTF-16 units, the end excluded.',
  },
});

const hit = object({
  ...summaryProperties,
  highlights: {
    ...listOf(highlight),
    description: "Texts of the order that contain what was searched for, ten at most; never a person's name.",
  },
});

const staleAmong: Schema = {
  ...listOf(uuid),
  description:
    'The ids of the orders on the page that have a later change which cannot be shown yet; absent if there are none.',
};

export const pageOfSummaries = page(summary, { stale: staleAmong });
export const exportedOrderSchema = objectWith(summaryProperties, { stale: staleProperties['stale']! });
export const historySchema = page(object({ ...event, changes: changedFields }), staleProperties);
export const feedSchema = object({
  items: listOf(
    object({
      position: text,
      orderId: uuid,
      next: { ...text, description: 'Send it as `after` to continue after this event.' },
      ...event,
    }),
  ),
  next: { ...text, description: 'Send it as `after` to continue after this page.' },
  hasMore: {
    type: 'boolean',
    description:
      'true: there may be more events after `next` already, even if this page has none of the types asked for. ' +
      'false: ask again later.',
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
        description: 'JSON pointer into the later state; for what was removed, into the earlier state.',
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
    from: { ...summary, nullable: true, description: 'null: the order was not placed yet.' },
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
  indexedThrough: {
    ...nullableText,
    description: 'Everything up to this position can be found; null: nothing was read yet.',
  },
};
export const searchSchema = objectWith(searchProperties, { stale: staleAmong });
const staleAmongCounted: Schema = {
  type: 'boolean',
  enum: [true],
  description:
    'An order that is counted has a later change which cannot be shown yet. An order that would be counted only ' +
    'because of such a change is not reported.',
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
