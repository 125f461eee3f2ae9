import { describe, expect, it } from '@jest/globals';
import {
  recordAuthorized,
  recordCaptured,
  recordPaymentFailed,
  recordReversed,
  recordVoided,
} from '../testing/commands.js';
import {
  authorized,
  captured,
  orderCancelled,
  orderPlaced,
  orderRejected,
  paymentFailed,
  refundRequested,
  refundSucceeded,
  reversed,
  voided,
} from '../testing/events.js';
import { at, given } from '../testing/given.js';
import { LIMITS } from './limits.js';
import { orderTotals } from './totals.js';

const placed = orderPlaced();
const long = 'x'.repeat(101);

describe('RecordPaymentAuthorized', () => {
  it('records it, whatever became of the order', () => {
    const recorded = authorized(10_000, { paymentId: 'new-0' });
    given(placed).when(recordAuthorized(10_000)).then(recorded);
    given(placed, orderRejected()).when(recordAuthorized(10_000)).then(recorded);
    given(placed, orderCancelled()).when(recordAuthorized(10_000)).then(recorded);
  });

  it('records a provider’s reference once', () => {
    const { when } = given(placed, authorized(10_000));
    when(recordAuthorized(10_000)).thenNothing();
    when(recordAuthorized(10_000), { occurredAt: at('01:00') }).thenNothing();
    when(recordAuthorized(9_999)).thenRejected('provider_reference_reused', { providerReference: 'A1' });
    when(recordAuthorized(10_000, { method: 'card' })).thenRejected('provider_reference_reused');
    when(recordAuthorized(10_000, { providerReference: 'A2' })).then(
      authorized(10_000, { paymentId: 'new-0', providerReference: 'A2' }),
    );
    when(recordCaptured(10_000, { providerReference: 'A1' })).then(
      captured(10_000, { paymentId: 'new-0', providerReference: 'A1' }),
    );
  });

  it('is refused out of range, in another currency, under a used id', () => {
    const { when } = given(placed, authorized(1));
    when(recordAuthorized(0)).thenRejected('amount_out_of_range', { field: 'amountMinor' });
    when(recordAuthorized(-1)).thenRejected('amount_out_of_range');
    when(recordAuthorized(1.5)).thenRejected('amount_out_of_range');
    when(recordAuthorized(LIMITS.amountMinor + 1)).thenRejected('amount_out_of_range');
    when(recordAuthorized(1, { currency: 'EUR' })).thenRejected('currency_mismatch', { currency: 'GBP' });
    when(recordAuthorized(1, { providerReference: long })).thenRejected('text_too_long', {
      field: 'providerReference',
    });
    when(recordAuthorized(1, { method: 'x'.repeat(201) })).thenRejected('text_too_long', { field: 'method' });
    when(recordAuthorized(1, { providerReference: 'A2' }), { newIds: ['authorization'] }).thenRejected(
      'id_already_used',
    );
  });
});

describe('RecordPaymentCaptured', () => {
  it('needs no authorization, and may pass the total', () => {
    given(placed)
      .when(recordCaptured(10_001))
      .then(captured(10_001, { paymentId: 'new-0' }));
    given(placed, orderRejected())
      .when(recordCaptured(1))
      .then(captured(1, { paymentId: 'new-0' }));
  });

  it('takes from its authorization no more than is left of it', () => {
    const of = { authorizationId: 'authorization' };
    const { when } = given(placed, authorized(10_000), captured(4_000, of));
    when(recordCaptured(6_000, { ...of, providerReference: 'C2' })).then(
      captured(6_000, { ...of, paymentId: 'new-0', providerReference: 'C2' }),
    );
    when(recordCaptured(6_001, { ...of, providerReference: 'C2' })).thenRejected(
      'capture_exceeds_authorization',
      {
        availableMinor: 6_000,
      },
    );
    given(placed, authorized(10_000), voided())
      .when(recordCaptured(1, of))
      .thenRejected('authorization_closed', { paymentId: 'authorization' });
    given(placed).when(recordCaptured(1, of)).thenRejected('payment_not_found');
    given(placed, captured(5))
      .when(recordCaptured(1, { authorizationId: 'capture', providerReference: 'C2' }))
      .thenRejected('payment_not_found');
  });

  it('records a provider’s reference once', () => {
    const { when } = given(placed, authorized(10_000), captured(10_000));
    when(recordCaptured(10_000)).thenNothing();
    when(recordCaptured(1)).thenRejected('provider_reference_reused');
    when(recordCaptured(10_000, { method: 'card' })).thenRejected('provider_reference_reused');
    when(recordCaptured(10_000, { authorizationId: 'authorization' })).thenRejected(
      'provider_reference_reused',
    );
  });

  it('is refused when all captures together would pass the limit of an amount', () => {
    const { when } = given(placed, captured(LIMITS.amountMinor - 1));
    when(recordCaptured(2, { providerReference: 'C2' })).thenRejected('total_out_of_range');
    expect(when(recordCaptured(1, { providerReference: 'C2' })).order.payments.captures).toHaveLength(2);
  });

  it('is refused out of range, in another currency, under a used id', () => {
    const { when } = given(placed, captured(5));
    when(recordCaptured(0, { providerReference: 'C2' })).thenRejected('amount_out_of_range');
    when(recordCaptured(1, { currency: 'EUR' })).thenRejected('currency_mismatch');
    when(recordCaptured(1, { providerReference: 'C2' }), { newIds: ['capture'] }).thenRejected(
      'id_already_used',
    );
  });
});

describe('RecordPaymentFailed', () => {
  it('records each failure, with or without a reference', () => {
    const { when } = given(placed, authorized(10_000), paymentFailed(10_000));
    when(recordPaymentFailed(10_000)).then(paymentFailed(10_000, { paymentId: 'new-0' }));
    when(recordPaymentFailed(5, { providerReference: 'A1', authorizationId: 'authorization' })).then(
      paymentFailed(5, { paymentId: 'new-0', providerReference: 'A1', authorizationId: 'authorization' }),
    );
  });

  it('is the same failure under the same id', () => {
    const { when } = given(placed, paymentFailed(10_000));
    when(recordPaymentFailed(10_000), { newIds: ['failure'] }).thenNothing();
    when(recordPaymentFailed(1), { newIds: ['failure'] }).thenRejected('id_already_used');
    when(recordPaymentFailed(10_000, { currency: 'USD' }), { newIds: ['failure'] }).thenRejected(
      'currency_mismatch',
    );
  });

  it('is told once of what the provider tells twice', () => {
    const declined = { providerReference: 'F1', reason: 'declined' };
    const { when } = given(placed, paymentFailed(10_000, declined), authorized(10_000));
    when(recordPaymentFailed(10_000, declined)).thenNothing();
    for (const other of [{ reason: 'expired' }, { providerReference: 'F2' }]) {
      const event = paymentFailed(10_000, { paymentId: 'new-0', ...declined, ...other });
      when(recordPaymentFailed(10_000, { ...declined, ...other })).then(event);
    }
  });

  it('is refused for an unknown authorization, out of range, in another currency', () => {
    const { when } = given(placed);
    when(recordPaymentFailed(1, { authorizationId: 'x' })).thenRejected('payment_not_found');
    when(recordPaymentFailed(0)).thenRejected('amount_out_of_range');
    when(recordPaymentFailed(1, { currency: 'USD' })).thenRejected('currency_mismatch');
    when(recordPaymentFailed(1, { reason: 'x'.repeat(501) })).thenRejected('text_too_long');
    when(recordPaymentFailed(1, { providerReference: long })).thenRejected('text_too_long');
  });
});

describe('RecordPaymentVoided', () => {
  it('closes an authorization, releasing what was not captured', () => {
    given(placed, authorized(10_000))
      .when(recordVoided())
      .then(voided({ paymentId: 'new-0' }));
    const { order } = given(
      placed,
      authorized(10_000),
      captured(1, { authorizationId: 'authorization' }),
    ).when(recordVoided());
    expect(order.payments.authorizations[0]).toMatchObject({ voided: true, capturedMinor: 1 });
    expect(order.payments.last).toBe('captured');
  });

  it('closes it once', () => {
    const { when } = given(placed, authorized(10_000), authorized(5, { paymentId: 'other' }), voided());
    when(recordVoided()).thenNothing();
    when(recordVoided({ providerReference: 'V2' })).thenRejected('authorization_closed');
    when(recordVoided({ authorizationId: 'other' })).thenRejected('provider_reference_reused');
  });

  it('knows each void again, not the last one alone', () => {
    const second = { authorizationId: 'other', providerReference: 'V2' };
    const { when } = given(
      placed,
      authorized(10_000),
      authorized(5, { paymentId: 'other', providerReference: 'A2' }),
      voided(),
      voided({ paymentId: 'second', ...second }),
    );
    when(recordVoided()).thenNothing();
    when(recordVoided(second)).thenNothing();
    when(recordVoided({ authorizationId: 'other' })).thenRejected('provider_reference_reused');
  });

  it('is refused for an unknown authorization and under a used id', () => {
    given(placed).when(recordVoided()).thenRejected('payment_not_found', { paymentId: 'authorization' });
    given(placed, authorized(1))
      .when(recordVoided(), { newIds: ['mug'] })
      .thenRejected('id_already_used');
    given(placed, authorized(1), voided())
      .when(recordCaptured(1), { newIds: ['void'] })
      .thenRejected('id_already_used', { id: 'void' });
    given(placed, authorized(1))
      .when(recordVoided({ providerReference: long }))
      .thenRejected('text_too_long', { field: 'providerReference' });
  });
});

describe('RecordPaymentReversed', () => {
  const taken = [placed, captured(10_000)];

  it('takes a capture back, whatever became of the order', () => {
    const recorded = reversed(10_000, { paymentId: 'new-0' });
    given(...taken)
      .when(recordReversed(10_000))
      .then(recorded);
    const { order } = given(...taken, orderCancelled()).when(recordReversed(10_000));
    expect(order.payments).toMatchObject({ captures: [{ reversedMinor: 10_000 }], last: 'reversed' });
    expect(orderTotals(order)).toMatchObject({ capturedMinor: 0, balanceDueMinor: 0 });
  });

  it('leaves the rest of it, and its authorization used up', () => {
    const ofAuthorization = { authorizationId: 'authorization' };
    const { when, order } = given(
      placed,
      authorized(10_000),
      captured(10_000, ofAuthorization),
      reversed(4_000),
    );
    expect(orderTotals(order)).toMatchObject({ capturedMinor: 6_000, balanceDueMinor: 4_000 });
    expect(order.payments).toMatchObject({ authorizations: [{ capturedMinor: 10_000 }], last: 'captured' });
    when(recordReversed(6_000, { providerReference: 'D2' })).then(
      reversed(6_000, { paymentId: 'new-0', providerReference: 'D2' }),
    );
    when(recordReversed(6_001, { providerReference: 'D2' })).thenRejected('reversal_exceeds_capture', {
      availableMinor: 6_000,
    });
    when(recordCaptured(1, { ...ofAuthorization, providerReference: 'C2' })).thenRejected(
      'capture_exceeds_authorization',
    );
  });

  it('takes back what was refunded already: the money is gone twice', () => {
    const { order } = given(...taken, refundRequested(10_000), refundSucceeded()).when(
      recordReversed(10_000),
    );
    expect(orderTotals(order)).toMatchObject({ capturedMinor: 0, refundedMinor: 10_000 });
  });

  it('is made good by another capture, which an amount’s limit counts beside the first', () => {
    const { when } = given(placed, captured(LIMITS.amountMinor), reversed(LIMITS.amountMinor));
    when(recordCaptured(1, { providerReference: 'C2' })).thenRejected('total_out_of_range');
    given(...taken, reversed(10_000))
      .when(recordCaptured(10_000, { providerReference: 'C2' }))
      .then(captured(10_000, { paymentId: 'new-0', providerReference: 'C2' }));
  });

  it('records a provider’s reference once', () => {
    const { when } = given(...taken, reversed(10_000, { reason: 'fraud' }));
    when(recordReversed(10_000, { reason: 'fraud' })).thenNothing();
    when(recordReversed(10_000)).thenNothing();
    when(recordReversed(10_000, { captureId: 'other' })).thenRejected('provider_reference_reused', {
      providerReference: 'D1',
    });
    when(recordReversed(1)).thenRejected('provider_reference_reused');
  });

  it('is refused for what is no capture, out of range, in another currency, under a used id', () => {
    const { when } = given(placed, authorized(10_000), captured(10_000));
    for (const captureId of ['x', 'authorization']) {
      when(recordReversed(1, { captureId })).thenRejected('payment_not_found', { paymentId: captureId });
    }
    when(recordReversed(0)).thenRejected('amount_out_of_range');
    when(recordReversed(1, { currency: 'USD' })).thenRejected('currency_mismatch');
    when(recordReversed(1, { reason: 'x'.repeat(501) })).thenRejected('text_too_long');
    when(recordReversed(1, { providerReference: long })).thenRejected('text_too_long');
    when(recordReversed(1), { newIds: ['capture'] }).thenRejected('id_already_used');
    given(...taken, reversed(1))
      .when(recordReversed(1, { providerReference: 'D2' }), { newIds: ['reversal'] })
      .thenRejected('id_already_used');
  });
});
