import { itemColumns, type SummaryItem } from '#read-models/readers/summary-item.js';
import { facetNames, type FacetName } from '#read-models/search/order-search.js';
import { orderTextFields } from '#read-models/search/order-texts.js';
import type { ColumnType } from '#read-models/order-summary.js';
import { changedFields } from './events.schemas.js';
import { staleProperties } from './order.schema.js';
import {
  anything,
  flag,
  integer,
  listOf,
  nextCursor,
  nullableText,
  nullableTime,
  object,
  objectWith,
  oneOf,
  orNull,
  page,
  said,
  text,
  time,
  uuid,
  type Schema,
} from './schema-parts.js';

/** Lists of orders, and sums of them, for the OpenAPI document: made from the columns that the answers are made from. */

const schemaOfType: Readonly<Record<ColumnType, Schema>> = {
  text,
  uuid,
  int4: integer,
  int8: integer,
  bool: flag,
  timestamptz: time,
  'text[]': listOf(text),
  json: anything,
};

const meanings: Readonly<Record<keyof SummaryItem, string>> = {
  orderId: 'The id of the order.',
  revision: 'The number of its last event, from 0.',
  number: 'A name for the order that people can say aloud.',
  reference: "The caller's own name for the order.",
  customerId: "The caller's own id for the customer; null: a guest.",
  status: 'How far the order is: placed, confirmed, completed, rejected or cancelled.',
  onHold: 'Whether the order is on hold.',
  paymentStatus: 'How far the order is paid.',
  fulfilmentStatus: 'How far the units that are not cancelled are shipped and delivered.',
  returnStatus: 'How far returns are.',
  currency: 'The currency of all amounts of the order.',
  country: 'The country of the shipping address, an ISO 3166-1 alpha-2 code.',
  placedAt: 'When the order was placed.',
  updatedAt: 'When its last event happened.',
  tags: 'The tags of the order.',
  lineCount: 'How many lines it has.',
  unitCount: 'How many units were ordered, whatever became of them.',
  orderedTotalMinor:
    'What was ordered, before cancellations and returns, in minor units of the currency. In a history, it may be below 0 ' +
    'between two events of one edit.',
  totalMinor:
    'What the order costs after cancellations, returns, and paid refunds of shipping or for goodwill, in minor units.',
  capturedMinor: 'What was captured and not taken back, in minor units of the currency.',
  refundedMinor: 'What refunds that succeeded gave back, in minor units of the currency.',
  balanceDueMinor: 'What is left to pay, in minor units of the currency; negative: we owe the customer.',
  returnsClosed: 'How many returns are closed.',
  unitsReturned: 'How many units came back.',
};
const summaryProperties = Object.fromEntries(
  itemColumns.map(({ field, type, nullable }) => [
    field,
    said(nullable ? nullableText : schemaOfType[type], meanings[field]),
  ]),
);
const summary = object(summaryProperties);
const sums = {
  currency: said(text, 'The currency of the amounts; each currency has sums of its own.'),
  orders: said(integer, 'How many orders there are.'),
  guestOrders: said(integer, 'How many of them are of guests.'),
  lines: said(integer, 'How many lines they have.'),
  units: said(integer, 'How many units were ordered.'),
  orderedTotalMinor: said(integer, 'What was ordered, before cancellations and returns, in minor units.'),
  totalMinor: said(
    integer,
    'What the orders cost after cancellations, returns, and paid refunds of shipping or for goodwill, in minor units.',
  ),
  capturedMinor: said(integer, 'What was captured and not taken back, in minor units.'),
  refundedMinor: said(integer, 'What refunds that succeeded gave back, in minor units.'),
  balanceDueMinor: said(integer, 'What is left to pay less what we owe customers, in minor units.'),
  returnsClosed: said(integer, 'How many returns are closed.'),
  ordersWithReturns: said(integer, 'How many orders have a closed return.'),
  unitsReturned: said(integer, 'How many units came back.'),
};
const facet = listOf(
  object({
    value: said(
      nullableText,
      'null: orders without a value. Months, such as 2011-10, are in UTC. A total band, such as GBP 50-100, goes ' +
        'from its first amount to below its second, in whole major units of the currency; the highest is GBP 10000+.',
    ),
    orders: said(integer, 'How many of the orders found have this value.'),
  }),
);
const highlight = object({
  field: said(oneOf(orderTextFields), 'Which text of the order this is.'),
  text: said(text, 'The text, exactly as the order has it.'),
  ranges: said(
    listOf({ type: 'array', items: integer, minItems: 2, maxItems: 2 }),
    'Where the searched words are in the text: start and end of each place, in UTF-16 units, the end excluded.',
  ),
});

const hit = object({
  ...summaryProperties,
  highlights: said(
    listOf(highlight),
    "Texts of the order that contain what was searched for, ten at most; never a person's name.",
  ),
});

const staleAmong: Schema = said(
  listOf(uuid),
  'The ids of the orders on the page that have a later change which cannot be shown yet; absent if there are none.',
);

export const pageOfSummaries = page(summary, { stale: staleAmong });
export const exportedOrderSchema = objectWith(summaryProperties, { stale: staleProperties['stale']! });
export const diffListSchema = page(
  object({
    orderId: said(uuid, 'The id of the order.'),
    from: said(orNull(summary), 'The order at the earlier moment; null: it was not placed yet.'),
    to: said(summary, 'The order at the later moment.'),
    changes: changedFields,
  }),
  { stale: staleAmong },
);
const facets: Readonly<Record<FacetName, string>> = {
  status: 'By status.',
  paymentStatus: 'By payment status.',
  fulfilmentStatus: 'By fulfilment status.',
  returnStatus: 'By return status.',
  country: 'By country of the shipping address.',
  month: 'By the month in which the order was placed.',
  currency: 'By currency.',
  totalBand: 'By band of the total.',
};
const searchProperties = {
  items: said(listOf(hit), 'The orders of the page.'),
  nextCursor,
  total: said(integer, 'How many orders match.'),
  facets: {
    type: 'object',
    properties: Object.fromEntries(facetNames.map((name) => [name, said(facet, facets[name])])),
    description: 'Counts of the orders that match, by the values of a field.',
  },
  indexedThrough: said(
    nullableText,
    'Everything up to this position can be found; null: nothing was read yet.',
  ),
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
  {
    items: said(
      listOf(
        object({
          key: said(nullableText, 'The group: a day, a month, a status or a country; null: there is none.'),
          ...sums,
        }),
      ),
      'The sums, one entry for each group and currency.',
    ),
  },
  { stale: staleAmongCounted },
);
const customerProperties = {
  customerId: said(text, "The caller's own id for the customer."),
  firstOrderAt: said(nullableTime, 'When the first of the orders was placed.'),
  lastOrderAt: said(nullableTime, 'When the last of the orders was placed.'),
  orders: said(integer, 'How many orders the customer has.'),
  byStatus: said({ type: 'object', additionalProperties: integer }, 'How many orders have each status.'),
  totals: said(listOf(object(sums)), 'Sums of the orders, one entry for each currency.'),
};
export const customerSchema = objectWith(customerProperties, { stale: staleAmongCounted });
