import { refundReasons } from '#domain/order/content.js';
import { orderStatuses } from '#domain/order/state.js';
import { fulfilmentStatuses, paymentStatuses, returnStatuses } from '#domain/order/statuses.js';
import {
  flag,
  integer,
  listOf,
  nullableText,
  nullableTime,
  object,
  oneOf,
  orNull,
  said,
  text,
  time,
  uuid,
  type Schema,
} from './schema-parts.js';

/** One order as `GET /v1/orders/{orderId}` answers it, for the OpenAPI document and the client made from that. */

const amount = said(integer, 'An amount in minor units of the currency.');
const when = said(time, 'When it happened.');
const paymentId = said(uuid, 'The id of this payment.');
const lineId = said(uuid, 'The id of a line.');
const quantity = said(integer, 'How many units.');
const method = said(nullableText, 'How the customer pays.');
const reference = said(text, "The payment provider's own id for what it did.");
const referenceIfAny = said(nullableText, "The payment provider's own id for what it did.");
const authorizationIfAny = said(orNull(uuid), 'The paymentId of the authorization; null: there was none.');
const why = said(nullableText, 'Why, in words.');

const tax = said(
  orNull(
    object({
      rateBasisPoints: said(integer, 'The rate in hundredths of a percent: 2000 is 20 %.'),
      amountMinor: amount,
      inclusive: said(flag, 'Whether the price already includes the tax.'),
    }),
  ),
  'The tax; null: there is none.',
);
const units = said(listOf(object({ lineId, quantity })), 'How many units of which lines.');
const region = orNull(
  object({
    country: said(nullableText, 'An ISO 3166-1 alpha-2 code; null if the place has no code of its own.'),
    countryName: said(nullableText, 'The country as the customer gave it.'),
  }),
);
const addressLines = orNull(
  object(
    {
      name: said(nullableText, 'The name of the person.'),
      company: said(nullableText, 'The company.'),
      line1: said(nullableText, 'The first line: street and house number.'),
      line2: said(nullableText, 'The second line.'),
      city: said(nullableText, 'The town or city.'),
      region: said(nullableText, 'The state, province or county.'),
      postalCode: said(nullableText, 'The postal code.'),
    },
    'The parts of an address that identify a person.',
  ),
);

const line = object({
  lineId: said(uuid, 'The id of the line.'),
  sku: said(text, "The caller's own id of the product."),
  name: said(text, 'The name of the product as it was sold.'),
  quantity: said(integer, 'The number of units ordered.'),
  unitPriceMinor: said(integer, 'The price of one unit, in minor units of the currency.'),
  tax,
  cancelled: said(
    integer,
    'Units that were cancelled; none where the whole order was, and nothing was dispatched that is not lost.',
  ),
  shipped: said(
    integer,
    'Units in shipments that are neither cancelled nor lost, whether dispatched or not.',
  ),
  dispatched: said(integer, 'Units in shipments that were dispatched and are not lost.'),
  delivered: said(integer, 'Units in shipments that were delivered.'),
  inReturns: said(
    integer,
    'Units in returns, without those that were declined and those that a closed return did not receive.',
  ),
  received: said(integer, 'Units that came back.'),
});

const charge = {
  code: said(nullableText, 'Its code, as the shop knows it.'),
  description: said(nullableText, 'What it is for.'),
  amountMinor: amount,
};

const stock = object({
  status: said(oneOf(['none', 'reserved', 'rejected', 'released']), 'What the warehouse reported last.'),
  reference: said(nullableText, "The warehouse's own name for the reservation."),
  reason: why,
  lines: units,
});

const payments = object({
  authorizations: said(
    listOf(
      object({
        paymentId,
        amountMinor: amount,
        capturedMinor: said(
          integer,
          'How much of it was captured, in minor units of the currency, whether it was taken back or not.',
        ),
        method,
        providerReference: reference,
        voided: said(flag, 'Whether the rest will not be captured any more.'),
        at: when,
      }),
    ),
    'Amounts that the payment provider promised.',
  ),
  captures: said(
    listOf(
      object({
        paymentId,
        authorizationId: authorizationIfAny,
        amountMinor: amount,
        reversedMinor: said(
          integer,
          'How much of it the payment provider took back, in minor units of the currency.',
        ),
        method,
        providerReference: reference,
        at: when,
      }),
    ),
    'Amounts that the payment provider took.',
  ),
  failures: said(
    listOf(
      object({
        paymentId,
        authorizationId: authorizationIfAny,
        amountMinor: amount,
        providerReference: referenceIfAny,
        reason: why,
        at: when,
      }),
    ),
    'Payments that failed.',
  ),
  voids: said(
    listOf(
      object({
        paymentId,
        authorizationId: said(uuid, 'The paymentId of the authorization.'),
        providerReference: reference,
        at: when,
      }),
    ),
    'The ends of authorizations whose rest is not captured.',
  ),
  reversals: said(
    listOf(
      object({
        paymentId,
        captureId: said(uuid, 'The paymentId of the capture.'),
        amountMinor: amount,
        providerReference: reference,
        reason: why,
        at: when,
      }),
    ),
    'Captured amounts that the payment provider took back: chargebacks, returned direct debits.',
  ),
  last: {
    ...orNull(text),
    enum: ['authorized', 'voided', 'failed', 'captured', 'reversed', null],
    description: 'The last payment event; `captured` while any captured money is left.',
  },
});

const refund = object({
  refundId: said(uuid, 'The id of the refund.'),
  reason: said(oneOf(refundReasons), 'Why the customer gets money back.'),
  returnId: said(orNull(uuid), 'The return that the refund is for; null: it is for none.'),
  of: {
    description: 'What is refunded: units of lines, shipping, or an amount.',
    oneOf: [
      object({
        kind: said(oneOf(['lines']), 'What is refunded.'),
        lines: said(
          listOf(object({ lineId, quantity, amountMinor: amount })),
          'How many units of which lines, and what is refunded for them.',
        ),
      }),
      object({ kind: said(oneOf(['shipping']), 'What is refunded.') }),
      object({ kind: said(oneOf(['amount']), 'What is refunded.') }),
    ],
  },
  amountMinor: amount,
  status: said(oneOf(['pending', 'succeeded', 'failed']), 'How far the refund is.'),
  providerReference: referenceIfAny,
  failureReason: said(nullableText, 'Why it failed, as the payment provider says it.'),
  requestedAt: said(time, 'When the refund was requested.'),
});

const shipment = object({
  shipmentId: said(uuid, 'The id of the shipment.'),
  status: said(
    oneOf(['created', 'dispatched', 'delivered', 'cancelled', 'lost']),
    'How far the shipment is.',
  ),
  carrier: said(nullableText, 'Who carries the parcel.'),
  trackingNumber: said(nullableText, "The carrier's own number of the parcel."),
  lines: units,
  createdAt: said(time, 'When the shipment was created.'),
  dispatchedAt: said(nullableTime, 'When the parcel left; null: it has not.'),
  deliveredAt: said(nullableTime, 'When the parcel arrived; null: it has not.'),
});

const returned = object({
  returnId: said(uuid, 'The id of the return.'),
  status: said(oneOf(['requested', 'approved', 'declined', 'received', 'closed']), 'How far the return is.'),
  lines: said(
    listOf(object({ lineId, quantity, received: said(integer, 'How many of them came back.') })),
    'How many units of which lines.',
  ),
  reason: said(nullableText, 'Why it was requested, in words.'),
  requestedAt: said(time, 'When the return was requested.'),
});

const totals = object(
  {
    linesMinor: said(integer, 'The lines, at their prices.'),
    discountsMinor: said(integer, 'All discounts.'),
    surchargesMinor: said(integer, 'All surcharges.'),
    shippingMinor: said(integer, 'Shipping, without tax that is added to it.'),
    exclusiveTaxMinor: said(integer, 'The tax that is added to the prices of lines and shipping.'),
    taxMinor: said(integer, 'All tax, including tax that prices already include.'),
    orderedTotalMinor: said(
      integer,
      'What was ordered, before cancellations and returns. Between two events of one edit it may be below 0.',
    ),
    totalMinor: said(
      integer,
      'What the order costs after cancellations, returns, and paid refunds of shipping or for goodwill.',
    ),
    capturedMinor: said(integer, 'What was captured, less what the payment provider took back of it.'),
    refundedMinor: said(integer, 'What refunds that succeeded gave back.'),
    pendingRefundsMinor: said(integer, 'What refunds that are pending will give back.'),
    balanceDueMinor: said(integer, 'What is left to pay; negative: we owe the customer.'),
  },
  "All amounts are in minor units of the order's currency.",
);

const personal: Schema = {
  oneOf: [
    object({
      contact: said(
        orNull(
          object({
            name: said(nullableText, 'The name of the person.'),
            email: said(nullableText, 'The e-mail address.'),
            phone: said(nullableText, 'The phone number.'),
          }),
        ),
        'Whom to reach about the order.',
      ),
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
  orderId: said(uuid, 'The id of the order.'),
  tenantId: said(text, 'The owner of the order.'),
  number: said(text, 'A name for the order that people can say aloud.'),
  reference: said(nullableText, "The caller's own name for the order."),
  customerId: said(nullableText, "The caller's own id for the customer; null: a guest."),
  currency: said(text, 'The currency of all amounts of the order.'),
  status: said(oneOf(orderStatuses), 'How far the order is.'),
  statusReason: said(nullableText, 'Why it was rejected or cancelled.'),
  onHold: said(flag, 'Whether the order is on hold.'),
  holdReason: said(nullableText, 'Why it is on hold.'),
  placedAt: said(time, 'When the order was placed.'),
  lines: said(listOf(line), 'What was ordered, and what became of it.'),
  discounts: said(
    listOf(
      object({
        discountId: said(uuid, 'The id of the discount.'),
        ...charge,
        lineId: said(orNull(uuid), 'The line that it applies to; null: the whole order.'),
      }),
    ),
    'Amounts taken off.',
  ),
  surcharges: said(
    listOf(object({ surchargeId: said(uuid, 'The id of the surcharge.'), ...charge })),
    'Amounts added.',
  ),
  shipping: said(
    orNull(object({ method: said(nullableText, 'How the order is shipped.'), amountMinor: amount, tax })),
    'How the order is shipped, and for how much.',
  ),
  shippingAddress: said(region, 'Where the order is shipped to, without what identifies a person.'),
  billingAddress: said(region, 'Where the bill goes, without what identifies a person.'),
  attributes: said(
    { type: 'object', additionalProperties: text },
    "The caller's own facts about the order, by name.",
  ),
  tags: said(listOf(text), 'The tags of the order.'),
  stock: said(stock, 'What the warehouse reported last. A report takes the place of the one before.'),
  payments: said(payments, 'What the payment provider reported.'),
  refunds: said(listOf(refund), 'Money given back, or on its way back.'),
  shipments: said(listOf(shipment), 'Units that leave together.'),
  cancellations: said(
    listOf(
      object({
        cancellationId: said(uuid, 'The id of the cancellation.'),
        lines: units,
        reason: why,
        at: when,
      }),
    ),
    'Units that will not be sent any more. An order that was rejected, or cancelled with nothing dispatched that is not ' +
      'lost, names none here: all its units are off.',
  ),
  returns: said(listOf(returned), 'Units that come back.'),
  notes: said(
    listOf(
      object({
        noteId: said(uuid, 'The id of the note.'),
        redacted: said(flag, 'Whether its text was removed.'),
        at: said(time, 'When the note was added.'),
      }),
    ),
    'The notes, without their text.',
  ),
  retiredIds: said(listOf(text), 'The ids of removed lines and discounts; they are never used again.'),
  revision: said(integer, 'The number of its last event, from 0.'),
  lastOccurredAt: said(time, 'When its last event happened.'),
  lastRecordedAt: said(time, 'When its last event was recorded.'),
  totals,
  paymentStatus: said(oneOf(paymentStatuses), 'How far the order is paid.'),
  fulfilmentStatus: said(
    oneOf(fulfilmentStatuses),
    'How far the units that are not cancelled are shipped and delivered.',
  ),
  returnStatus: said(oneOf(returnStatuses), 'How far returns are.'),
  allowedCommands: said(listOf(text), 'The commands that the order allows now.'),
  personal,
};

export const staleProperties: Readonly<Record<string, Schema>> = {
  stale: {
    type: 'boolean',
    enum: [true],
    description: 'The order has a later change that cannot be shown yet; absent if it has none.',
  },
  staleReason: said(text, 'Only with `stale`: why the change cannot be shown.'),
};

export const orderSchema: Schema = {
  type: 'object',
  required: Object.keys(always),
  properties: {
    ...always,
    ...staleProperties,
  },
};
