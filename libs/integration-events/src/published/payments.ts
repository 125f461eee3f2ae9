import type { PaymentEvent } from '#domain/order/payments.js';
import { id, idOrNull, minor, text, textOrNull } from '../fields.js';
import { reason } from './common.js';
import { publish, type PublishedPart } from './publish.js';

const paymentId = id('The id of this payment event within the order.');
const providerReference = text("The payment provider's own id for what it did.");
const method = textOrNull('The payment method, as the provider names it.');

export const publishedPayments: PublishedPart<PaymentEvent> = {
  PaymentAuthorized: publish(
    1,
    'The payment provider authorized an amount.',
    { paymentId, amountMinor: minor('The amount that was authorized.'), providerReference, method },
    ({ data: { paymentId, amountMinor, providerReference, method } }) => ({
      paymentId,
      amountMinor,
      providerReference,
      method,
    }),
  ),
  PaymentCaptured: publish(
    1,
    'The payment provider captured an amount.',
    {
      paymentId,
      authorizationId: idOrNull(
        'The `paymentId` of the authorization that was captured; null: there was none.',
      ),
      amountMinor: minor('The amount that was captured.'),
      providerReference,
      method,
    },
    ({ data: { paymentId, authorizationId, amountMinor, providerReference, method } }) => ({
      paymentId,
      authorizationId,
      amountMinor,
      providerReference,
      method,
    }),
  ),
  PaymentFailed: publish(
    1,
    'The payment provider could not authorize or capture an amount.',
    {
      paymentId,
      authorizationId: idOrNull(
        'The `paymentId` of the authorization that was to be captured; null: there was none.',
      ),
      amountMinor: minor('The amount that was to be authorized or captured.'),
      providerReference: textOrNull("The payment provider's own id for what it did; null: none."),
      reason,
    },
    ({ data: { paymentId, authorizationId, amountMinor, providerReference, reason } }) => ({
      paymentId,
      authorizationId,
      amountMinor,
      providerReference,
      reason,
    }),
  ),
  PaymentVoided: publish(
    1,
    'An authorization was voided: what is left of it will not be captured.',
    { paymentId, authorizationId: id('The `paymentId` of the authorization.'), providerReference },
    ({ data: { paymentId, authorizationId, providerReference } }) => ({
      paymentId,
      authorizationId,
      providerReference,
    }),
  ),
  PaymentReversed: publish(
    1,
    'The payment provider took back a captured amount: a chargeback, or a returned direct debit.',
    {
      paymentId,
      captureId: id('The `paymentId` of the capture.'),
      amountMinor: minor('The amount that was taken back; the whole capture or a part of it.'),
      providerReference,
      reason,
    },
    ({ data: { paymentId, captureId, amountMinor, providerReference, reason } }) => ({
      paymentId,
      captureId,
      amountMinor,
      providerReference,
      reason,
    }),
  ),
};
