import { describe, expect, it } from '@jest/globals';
import { diffText } from './diff-view.js';
import { orderText, type ShownOrder } from './order-view.js';

const order = {
  ...{ orderId: 'o-1', number: 'AAAAA-AAAAB', reference: 'A-1', customerId: 'ada', currency: 'GBP' },
  ...{ status: 'placed', onHold: false, holdReason: null, tags: [], revision: 1 },
  ...{ paymentStatus: 'none', fulfilmentStatus: 'unfulfilled', returnStatus: 'none' },
  ...{ shippingAddress: null, personal: { contact: null, shippingAddress: null, notes: {} } },
  ...{ placedAt: '2026-11-22T18:00:00.000Z', lastOccurredAt: '2026-11-22T18:05:00.000Z' },
  lines: [
    {
      ...{ lineId: 'l-1', sku: 'MUG', name: 'A mug', quantity: 1, unitPriceMinor: 500 },
      ...{ cancelled: 0, dispatched: 0, delivered: 0, inReturns: 0, received: 0 },
    },
  ],
  payments: { captures: [] },
  totals: {
    orderedTotalMinor: 500,
    totalMinor: 500,
    capturedMinor: 0,
    refundedMinor: 0,
    balanceDueMinor: 500,
  },
} as unknown as ShownOrder;
const diff = { orderId: 'o-1', from: null, to: { revision: 1 }, changes: [] };
const stale = { stale: true, staleReason: 'this release does not know the type OrderTeleported' } as const;

it('tells what was captured, and what the provider took back of it', () => {
  expect(orderText(order, [])).not.toContain('taken back');
  const reversed = {
    ...order,
    payments: { captures: [{ reversedMinor: 200 }, { reversedMinor: 100 }] },
    totals: { ...order.totals, capturedMinor: 200 },
  } as unknown as ShownOrder;
  expect(orderText(reversed, [])).toMatch(/captured +5\.00 GBP\n +taken back +-3\.00 GBP\n/);
});

it('prints what customers wrote on one line each, without what a terminal would obey', () => {
  const forged = {
    ...order,
    reference: 'A-1\n  status      completed',
    customerId: '\u001b[2Jada',
    tags: ['\r\u001b[1A'],
    lines: order.lines.map((line) => ({ ...line, sku: 'MUG\n', name: 'A\u0007 mug' })),
  };
  const text = orderText(forged, []);
  expect(text).toMatch(/^Order AAAAA-AAAAB \(A-1\\n {2}status {6}completed\)\n {2}status {6}placed\n/);
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  expect(text.split('\n')).toHaveLength(orderText(order, []).split('\n').length + 1); // the line for the tags
});

it('says of each time that it is UTC', () => {
  const text = orderText(order, []);
  expect(text).toMatch(/placed +2026-11-22 18:00 UTC\n/);
  expect(text).toContain('2026-11-22 18:05 UTC (revision 1)');
});

describe('an order that has a later change which cannot be shown', () => {
  const line =
    'STALE: a later change cannot be shown yet: this release does not know the type OrderTeleported ' +
    '(`orderctl quarantine show o-1` tells more)';

  it('is said to be stale before all else', () => {
    expect(
      orderText({ ...order, ...stale }, [])
        .split('\n')
        .slice(0, 2),
    ).toEqual([line, 'Order AAAAA-AAAAB (A-1)']);
    expect(diffText({ ...diff, ...stale }).split('\n')[0]).toBe(line);
  });

  it('is not spoken of where there is none', () => {
    expect(orderText(order, [])).toMatch(/^Order AAAAA-AAAAB/);
    expect(diffText(diff)).toMatch(/^Order o-1/);
  });
});
