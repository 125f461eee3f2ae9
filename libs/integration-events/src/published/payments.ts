import type { PaymentEvent } from '#domain/order/payments.js';
import { id, idOrNull, minor, text, textOrNull } from '../fields.js';
import { reason } from './common.js';
import { publish, type PublishedPart } from './publish.js';

const paymentId = id('Names this within the order.');
const providerReference = text("The payment provider's own id for it.");
const method = textOrNull('How it was paid, as the provider names it.');

export const publishedPayments: PublishedPart<PaymentEvent> = {
  PaymentAuthorized: publish(
    1,
    'The payment provider promised an amount.',
    { paymentId, amountMinor: minor('What was promised.'), providerReference, method },
    ({ data: { paymentId, amountMinor, providerReference, method } }) => ({
      paymentId,
      amountMinor,
      providerReference,
      method,
    }),
  ),
  PaymentCaptured: publish(
    1,
    'The payment provider took an amount.',
    {
      paymentId,
      authorizationId: idOrNull('The `paymentId` of the promise that it was taken from; null: none.'),
      amountMinor: minor('What was taken.'),
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
    'The payment provider could not promise or take an amount.',
    {
      paymentId,
      authorizationId: idOrNull('The `paymentId` of the promise that it was to be taken from; null: none.'),
      amountMinor: minor('What was to be taken.'),
      providerReference: textOrNull("The payment provider's own id for it; null: none."),
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
    'What is left of a promised amount was given up.',
    { paymentId, authorizationId: id('The `paymentId` of the promise.'), providerReference },
    ({ data: { paymentId, authorizationId, providerReference } }) => ({
      paymentId,
      authorizationId,
      providerReference,
    }),
  ),
};
