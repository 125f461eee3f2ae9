import { refundReasons } from '#domain/order/content.js';
import { orderStatuses } from '#domain/order/state.js';
import { fulfilmentStatuses, paymentStatuses, returnStatuses } from '#domain/order/statuses.js';
import {
  each,
  flag,
  integer,
  listOf,
  nullableText,
  nullableTime,
  object,
  oneOf,
  orNull,
  text,
  time,
  uuid,
  type Schema,
} from './schemas.js';

/** One order as `GET /v1/orders/{orderId}` answers it, for the OpenAPI document and the client made from that. */

const nullableUuid = orNull(uuid);
const tax = orNull(object({ rateBasisPoints: integer, amountMinor: integer, inclusive: flag }));
const units = listOf(object({ lineId: uuid, quantity: integer }));
const region = orNull(object(each(['country', 'countryName'], nullableText)));
const addressLines = orNull(
  object(
    each(['name', 'company', 'line1', 'line2', 'city', 'region', 'postalCode'], nullableText),
    'The parts of an address that identify a person.',
  ),
);

const line = object({
  lineId: uuid,
  sku: text,
  name: text,
  quantity: integer,
  unitPriceMinor: integer,
  tax,
  cancelled: integer,
  shipped: {
    ...integer,
    description: 'Units in shipments that are not cancelled, whether dispatched or not.',
  },
  dispatched: integer,
  delivered: integer,
  inReturns: {
    ...integer,
    description:
      'Units in returns, without those that were declined and those that a closed return did not receive.',
  },
  received: integer,
});

const charge = { code: nullableText, description: nullableText, amountMinor: integer };

const stock = object({
  status: oneOf(['none', 'reserved', 'rejected', 'released']),
  reference: nullableText,
  reason: nullableText,
  lines: units,
});

const payments = object({
  authorizations: listOf(
    object({
      paymentId: uuid,
      amountMinor: integer,
      capturedMinor: integer,
      method: nullableText,
      providerReference: text,
      voided: flag,
      at: time,
    }),
  ),
  captures: listOf(
    object({
      paymentId: uuid,
      authorizationId: nullableUuid,
      amountMinor: integer,
      method: nullableText,
      providerReference: text,
      at: time,
    }),
  ),
  failures: listOf(
    object({
      paymentId: uuid,
      authorizationId: nullableUuid,
      amountMinor: integer,
      providerReference: nullableText,
      reason: nullableText,
      at: time,
    }),
  ),
  voids: listOf(object({ paymentId: uuid, authorizationId: uuid, providerReference: text, at: time })),
  last: {
    ...orNull(text),
    enum: ['authorized', 'voided', 'failed', 'captured', null],
    description: 'The last payment event; `captured` from the first capture on.',
  },
});

const refund = object({
  refundId: uuid,
  reason: oneOf(refundReasons),
  returnId: nullableUuid,
  of: {
    oneOf: [
      object({
        kind: oneOf(['lines']),
        lines: listOf(object({ lineId: uuid, quantity: integer, amountMinor: integer })),
      }),
      object({ kind: oneOf(['shipping']) }),
      object({ kind: oneOf(['amount']) }),
    ],
  },
  amountMinor: integer,
  status: oneOf(['pending', 'succeeded', 'failed']),
  providerReference: nullableText,
  failureReason: nullableText,
  requestedAt: time,
});

const shipment = object({
  shipmentId: uuid,
  status: oneOf(['created', 'dispatched', 'delivered', 'cancelled']),
  carrier: nullableText,
  trackingNumber: nullableText,
  lines: units,
  createdAt: time,
  dispatchedAt: nullableTime,
  deliveredAt: nullableTime,
});

const returned = object({
  returnId: uuid,
  status: oneOf(['requested', 'approved', 'declined', 'received', 'closed']),
  lines: listOf(object({ lineId: uuid, quantity: integer, received: integer })),
  reason: nullableText,
  requestedAt: time,
});

const totals = object(
  each(
    [
      'linesMinor',
      'discountsMinor',
      'surchargesMinor',
      'shippingMinor',
      'exclusiveTaxMinor',
      'taxMinor',
      'orderedTotalMinor',
      'totalMinor',
      'capturedMinor',
      'refundedMinor',
      'pendingRefundsMinor',
      'balanceDueMinor',
    ],
    integer,
  ),
  "All amounts are in minor units of the order's currency.",
);

const personal: Schema = {
  oneOf: [
    object({
      contact: orNull(object(each(['name', 'email', 'phone'], nullableText))),
      shippingAddress: addressLines,
      billingAddress: addressLines,
      notes: {
        type: 'object',
        additionalProperties: text,
        description: 'The text of each note, by note id.',
      },
    }),
    oneOf(['erased']),
  ],
  description: 'Names, address lines, e-mail, phone and the text of notes; `erased` if they were erased.',
};

const always = {
  orderId: uuid,
  tenantId: text,
  number: text,
  reference: nullableText,
  customerId: nullableText,
  currency: text,
  status: oneOf(orderStatuses),
  statusReason: nullableText,
  onHold: flag,
  holdReason: nullableText,
  placedAt: time,
  lines: listOf(line),
  discounts: listOf(object({ discountId: uuid, ...charge, lineId: nullableUuid })),
  surcharges: listOf(object({ surchargeId: uuid, ...charge })),
  shipping: orNull(object({ method: nullableText, amountMinor: integer, tax })),
  shippingAddress: region,
  billingAddress: region,
  attributes: { type: 'object', additionalProperties: text },
  tags: listOf(text),
  stock,
  payments,
  refunds: listOf(refund),
  shipments: listOf(shipment),
  cancellations: listOf(object({ cancellationId: uuid, lines: units, reason: nullableText, at: time })),
  returns: listOf(returned),
  notes: listOf(object({ noteId: uuid, redacted: flag, at: time })),
  retiredIds: {
    ...listOf(text),
    description: 'The ids of removed lines and discounts; they are never used again.',
  },
  revision: integer,
  lastOccurredAt: time,
  lastRecordedAt: time,
  totals,
  paymentStatus: oneOf(paymentStatuses),
  fulfilmentStatus: oneOf(fulfilmentStatuses),
  returnStatus: oneOf(returnStatuses),
  allowedCommands: listOf(text),
  personal,
};

export const staleProperties: Readonly<Record<string, Schema>> = {
  stale: {
    type: 'boolean',
    enum: [true],
    description: 'The order has a later change that cannot be shown yet; absent if it has none.',
  },
  staleReason: { ...text, description: 'Only with `stale`: why the change cannot be shown.' },
};

export const orderSchema: Schema = {
  type: 'object',
  required: Object.keys(always),
  properties: {
    ...always,
    ...staleProperties,
  },
};
