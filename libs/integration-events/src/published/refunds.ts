import type { RefundOf } from '#domain/order/content.js';
import type { RefundEvent } from '#domain/order/refunds.js';
import { count, id, idOrNull, kinds, list, minor, object, oneOf, text, textOrNull } from '../fields.js';
import { reason } from './common.js';
import { publish, type PublishedPart } from './publish.js';

/**
 * The reasons as published. A new reason in the domain does not compile until it is published, in a new version.
 */
const refundReasons = ['return', 'cancellation', 'overpayment', 'goodwill'] as const;

const refundId = id('The id of the refund within the order.');

const refundOf = kinds(
  {
    lines: {
      lines: list(
        object(
          {
            lineId: id('The id of the line.'),
            quantity: count('The number of units of the line.', 1),
            amountMinor: minor('The amount that is refunded for these units.'),
          },
          'Units of one line.',
        ),
        'The units that are refunded.',
      ),
    },
    shipping: {},
    amount: {},
  },
  'What is refunded: units of lines, shipping, or just an amount.',
);

/** A new kind in the domain does not compile until it has a case here. */
function ofRefund(of: RefundOf) {
  switch (of.kind) {
    case 'lines':
      return {
        kind: of.kind,
        lines: of.lines.map(({ lineId, quantity, amountMinor }) => ({ lineId, quantity, amountMinor })),
      };
    case 'shipping':
    case 'amount':
      return { kind: of.kind };
  }
}

export const publishedRefunds: PublishedPart<RefundEvent> = {
  RefundRequested: publish(
    1,
    'A refund was requested. Nothing has been paid back yet.',
    {
      refundId,
      refundReason: oneOf(refundReasons, 'The reason that the refund is allowed.'),
      returnId: idOrNull('The return that the refund is for; null: none.'),
      of: refundOf,
      amountMinor: minor('The amount to be refunded in all.'),
    },
    ({ data }) => ({
      refundId: data.refundId,
      refundReason: data.reason,
      returnId: data.returnId,
      of: ofRefund(data.of),
      amountMinor: data.amountMinor,
    }),
  ),
  RefundSucceeded: publish(
    1,
    'The payment provider paid a refund.',
    { refundId, providerReference: text("The payment provider's own id for the refund.") },
    ({ data: { refundId, providerReference } }) => ({ refundId, providerReference }),
  ),
  RefundFailed: publish(
    1,
    'The payment provider could not pay a refund: its amount can be requested again.',
    {
      refundId,
      providerReference: textOrNull("The payment provider's own id for the refund; null: none."),
      reason,
    },
    ({ data: { refundId, providerReference, reason } }) => ({ refundId, providerReference, reason }),
  ),
};
