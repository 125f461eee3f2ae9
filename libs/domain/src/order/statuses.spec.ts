import { describe, expect, it } from '@jest/globals';
import {
  authorized,
  captured,
  lamp,
  lineAdded,
  linesCancelled,
  mug,
  orderCancelled,
  orderConfirmed,
  orderPlaced,
  paymentFailed,
  refundFailed,
  refundRequested,
  refundSucceeded,
  returnApproved,
  returnClosed,
  returnDeclined,
  returnReceived,
  returnRequested,
  returned,
  reversed,
  sent,
  shipmentCreated,
  shipmentDelivered,
  shipmentDispatched,
  voided,
} from '../testing/events.js';
import { given, type Happened } from '../testing/given.js';
import { fulfilmentStatus, paymentStatus, returnStatus } from './statuses.js';

const placed = orderPlaced();
const ofCapture = { authorizationId: 'authorization' };

describe('paymentStatus', () => {
  it.each<[string, Happened[]]>([
    ['none', []],
    ['authorized', [authorized(10_000)]],
    ['voided', [authorized(10_000), voided()]],
    ['failed', [authorized(10_000), paymentFailed(10_000)]],
    ['authorized', [paymentFailed(10_000), authorized(10_000)]],
    ['partially_paid', [captured(9_999)]],
    ['partially_paid', [authorized(10_000), captured(9_999, ofCapture), voided()]],
    ['paid', [captured(10_000)]],
    ['paid', [captured(10_000), paymentFailed(1)]],
    ['overpaid', [captured(10_001)]],
    ['overpaid', [captured(10_000), orderCancelled()]],
    ['overpaid', [captured(10_000), linesCancelled([mug(1)])]],
    ['paid', [captured(10_000), refundRequested(1)]],
    ['paid', [captured(10_000), refundRequested(1), refundFailed()]],
    ['partially_refunded', [captured(10_000), refundRequested(1), refundSucceeded()]],
    ['overpaid', [captured(10_002), refundRequested(1, { reason: 'overpayment' }), refundSucceeded()]],
    [
      'partially_refunded',
      [captured(10_001), refundRequested(1, { reason: 'overpayment' }), refundSucceeded()],
    ],
    ['refunded', [captured(10_000), refundRequested(10_000), refundSucceeded()]],
    ['reversed', [captured(10_000), reversed(10_000)]],
    ['reversed', [captured(10_000), refundRequested(10_000), refundSucceeded(), reversed(10_000)]],
    ['failed', [captured(10_000), reversed(10_000), paymentFailed(10_000)]],
    ['paid', [captured(10_000), reversed(10_000), captured(10_000, { paymentId: 'second' })]],
    ['partially_paid', [captured(10_000), reversed(1)]],
    ['reversed', [captured(10_000), refundRequested(1), refundSucceeded(), reversed(9_999)]],
    ['partially_refunded', [captured(10_000), refundRequested(1), refundSucceeded(), reversed(9_998)]],
    ['reversed', [captured(10_000), refundRequested(9_999), refundSucceeded(), reversed(1)]],
    [
      'refunded',
      [
        ...[captured(10_000), linesCancelled([mug(10)])],
        ...[refundRequested(10_000, { reason: 'cancellation' }), refundSucceeded(), lineAdded(lamp(1))],
      ],
    ],
    [
      'refunded',
      [
        ...[captured(10_000), linesCancelled([mug(10)]), reversed(4_000)],
        ...[refundRequested(6_000, { reason: 'cancellation' }), refundSucceeded()],
      ],
    ],
  ])('is %s', (status, history) => {
    expect(paymentStatus(given(placed, ...history).order)).toBe(status);
  });
});

describe('fulfilmentStatus', () => {
  const second = { shipmentId: 'second' };
  it.each<[string, Happened[]]>([
    ['unfulfilled', []],
    ['unfulfilled', [shipmentCreated()]],
    ['unfulfilled', [linesCancelled([mug(10)])]],
    ['partially_shipped', [...sent(mug(1))]],
    ['partially_shipped', [...sent(mug(9))]],
    ['shipped', [...sent(mug(10))]],
    ['shipped', [linesCancelled([mug(1)]), ...sent(mug(9))]],
    ['partially_delivered', [...sent(mug(1)), shipmentDelivered()]],
    ['partially_delivered', [...sent(mug(9)), shipmentDelivered()]],
    [
      'partially_delivered',
      [
        ...sent(mug(9)),
        shipmentDelivered(),
        shipmentCreated({ ...second, lines: [mug(1)] }),
        shipmentDispatched(second),
      ],
    ],
    ['delivered', [...sent(mug(10)), shipmentDelivered()]],
    ['delivered', [...sent(mug(9)), shipmentDelivered(), linesCancelled([mug(1)])]],
  ])('is %s', (status, history) => {
    expect(fulfilmentStatus(given(placed, orderConfirmed(), ...history).order)).toBe(status);
  });
});

describe('returnStatus', () => {
  const mugsAndLamp = [orderPlaced({ lines: [mug(10), lamp(1)] }), orderConfirmed(), ...sent(mug(10))];
  const asked = returnRequested([mug(4)]);
  it.each<[string, Happened[]]>([
    ['none', []],
    ['requested', [asked]],
    ['none', [asked, returnDeclined()]],
    ['approved', [asked, returnApproved()]],
    ['none', [asked, returnApproved(), returnClosed()]],
    ['approved', [asked, returnApproved(), returnReceived([mug(1)])]],
    ['partially_returned', [asked, returnApproved(), returnReceived([mug(1)]), returnClosed()]],
    ['partially_returned', returned(mug(9))],
    ['requested', [...returned(mug(9)), returnRequested([mug(1)], 'second')]],
    ['approved', [...returned(mug(9)), returnRequested([mug(1)], 'second'), returnApproved('second')]],
    ['returned', returned(mug(10))],
    ['returned', [...returned(mug(10)), returnClosed()]],
  ])('is %s', (status, history) => {
    expect(returnStatus(given(...mugsAndLamp, ...history).order)).toBe(status);
  });
});
