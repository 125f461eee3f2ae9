import { describe, expect, it } from '@jest/globals';
import type { Instant } from '#domain/instant.js';
import { scriptOf, STEPS_PER_ORDER, STEPS_PER_RETURN } from './online-retail.script.js';
import { fillBody, fillRoute, learnIds, UnknownPlaceholder } from './order-script.js';

describe('ids that earlier commands made', () => {
  const ids = new Map([
    ['parcel', 's-1'],
    ['lines.0', 'l-0'],
    ['payment', 'p-0'],
  ]);

  it('are put into routes and into id fields, however deep', () => {
    expect(fillRoute('shipments/{parcel}/dispatch', ids)).toBe('shipments/s-1/dispatch');
    expect(fillBody({ of: { lines: [{ lineId: '{lines.0}', quantity: 1 }] }, returnId: null }, ids)).toEqual({
      of: { lines: [{ lineId: 'l-0', quantity: 1 }] },
      returnId: null,
    });
    const named = { authorizationId: '{payment}', captureId: '{payment}', discountId: '{parcel}' };
    expect(fillBody(named, ids)).toEqual({ authorizationId: 'p-0', captureId: 'p-0', discountId: 's-1' });
  });

  it('are not looked for in other texts', () => {
    expect(fillBody({ text: 'a {brace}', reason: '{x}' }, ids)).toEqual({ text: 'a {brace}', reason: '{x}' });
  });

  it('must be there', () => {
    expect(() => fillRoute('returns/{none}/close', ids)).toThrow(UnknownPlaceholder);
  });

  it('are learnt from the answers', () => {
    const learnt = new Map<string, string>();
    const place = { do: 'place', key: '0', body: {} };
    learnIds(place, [{ type: 'OrderPlaced', ids: { orderId: 'o', lineIds: ['a', 'b'] } }], learnt);
    const refund = { do: 'refunds', key: '1', as: 'back', body: {} };
    learnIds(refund, [{ type: 'RefundRequested', ids: { returnId: 'r', refundId: 'f' } }], learnt);
    const edit = { do: 'edits', key: '2', as: 'new', body: {} };
    learnIds(edit, [{ type: 'LineAdded', ids: { lineIds: ['c'] } }], learnt);
    expect(Object.fromEntries(learnt)).toEqual({ 'lines.0': 'a', 'lines.1': 'b', back: 'f', new: 'c' });
  });
});

it('an invoice is placed, paid, shipped and done; each return asked for, approved, received, refunded, closed', () => {
  const at = '2011-01-01T10:00:00.000Z' as Instant;
  const script = scriptOf({
    invoice: '536365',
    customerId: null,
    countryName: 'EIRE',
    at,
    lines: [{ sku: 'A', name: 'a', quantity: 2, unitPriceMinor: 100 }],
    totalMinor: 200,
    returns: [{ invoice: 'C9', at, lines: [{ index: 0, quantity: 1 }], amountMinor: 100 }],
  });
  expect(script.steps).toHaveLength(STEPS_PER_ORDER + STEPS_PER_RETURN);
  expect(new Set(script.steps.map(({ key }) => key)).size).toBe(script.steps.length);
  expect(script.steps.map((step) => step.do)).toEqual([
    'place',
    'confirm',
    'payments/captured',
    'shipments',
    'shipments/{parcel}/dispatch',
    'shipments/{parcel}/deliver',
    'complete',
    'returns',
    'returns/{return}/approve',
    'returns/{return}/receive',
    'refunds',
    'refunds/{refund}/succeeded',
    'returns/{return}/close',
  ]);
  expect(script.steps[0]!.body).toEqual({
    occurredAt: at,
    reference: '536365',
    currency: 'GBP',
    lines: [{ sku: 'A', name: 'a', quantity: 2, unitPriceMinor: 100 }],
    shippingAddress: { country: 'IE', countryName: 'EIRE' },
  });
});
