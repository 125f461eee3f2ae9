import { describe, expect, it } from '@jest/globals';
import {
  captured,
  discount,
  lamp,
  linesCancelled,
  mug,
  orderCancelled,
  orderConfirmed,
  orderPlaced,
  orderRejected,
  refundRequested,
  refundSucceeded,
  returned,
  sent,
  taxOnTop,
} from '../testing/events.js';
import { given, type Happened } from '../testing/given.js';
import { firstUnitsValueMinor, lastUnitsValueMinor, lineValuesMinor, orderTotals } from './totals.js';

const totals = (...history: readonly Happened[]) => orderTotals(given(...history).order);

const placed = orderPlaced({
  lines: [
    mug(3, { tax: taxOnTop(600) }),
    lamp(1, { tax: { rateBasisPoints: 2_000, amountMinor: 167, inclusive: true } }),
  ],
  discounts: [discount(100, 'mug', 'a'), discount(1_001, null, 'b')],
  surcharges: [{ surchargeId: 's', code: null, description: null, amountMinor: 50 }],
  shipping: { method: null, amountMinor: 500, tax: taxOnTop(100) },
});

describe('orderTotals', () => {
  it('adds up what was ordered', () => {
    expect(totals(placed)).toEqual({
      linesMinor: 4_000,
      discountsMinor: 1_101,
      surchargesMinor: 50,
      shippingMinor: 500,
      exclusiveTaxMinor: 700,
      taxMinor: 867,
      orderedTotalMinor: 4_149,
      totalMinor: 4_149,
      capturedMinor: 0,
      refundedMinor: 0,
      pendingRefundsMinor: 0,
      balanceDueMinor: 4_149,
    });
  });

  it('takes off cancelled and received units at their value, shipping and surcharges aside', () => {
    // The mugs: 3,000 less 100 and 751 of 1,001, plus 600 on top, is 2,749: 917, 916, 916.
    expect(lineValuesMinor(given(placed).order)).toEqual([2_749, 750]);
    expect(totals(placed, linesCancelled([mug(1)])).totalMinor).toBe(4_149 - 916);
    const cancelledOne = [placed, orderConfirmed(), linesCancelled([mug(1)])];
    expect(totals(...cancelledOne, ...sent(mug(2)), ...returned(mug(1))).totalMinor).toBe(4_149 - 916 - 917);
    expect(totals(placed, linesCancelled([mug(3), lamp(1)])).totalMinor).toBe(650);
  });

  it('owes what was paid too much', () => {
    expect(totals(placed, captured(5_000))).toMatchObject({ capturedMinor: 5_000, balanceDueMinor: -851 });
    const overpaid = refundRequested(800, { reason: 'overpayment' });
    expect(totals(placed, captured(5_000), overpaid)).toMatchObject({
      pendingRefundsMinor: 800,
      balanceDueMinor: -851,
    });
    expect(totals(placed, captured(5_000), overpaid, refundSucceeded())).toMatchObject({
      totalMinor: 4_149,
      refundedMinor: 800,
      balanceDueMinor: -51,
    });
  });

  it('is nothing once the order came to nothing, but stays for what had left', () => {
    expect(totals(placed, captured(10), orderRejected())).toMatchObject({
      totalMinor: 0,
      balanceDueMinor: -10,
    });
    expect(totals(placed, orderCancelled()).totalMinor).toBe(0);
    const leftBefore = [placed, orderConfirmed(), ...sent(lamp(1))];
    expect(totals(...leftBefore, linesCancelled([mug(3)]), orderCancelled()).totalMinor).toBe(650 + 750);
  });

  it('is never below nothing', () => {
    const generous = refundRequested(4_149);
    const all = [placed, orderConfirmed(), captured(4_149), generous, refundSucceeded()];
    expect(totals(...all, ...sent(mug(3)), ...returned(mug(3)))).toMatchObject({
      totalMinor: 0,
      balanceDueMinor: 0,
    });
  });
});

describe('A unit’s value', () => {
  it.each([
    [0, 0, 10],
    [1, 4, 6],
    [2, 7, 3],
    [3, 10, 0],
  ])('of 10 over 3: the first %i are worth %i, the others %i', (units, first, rest) => {
    expect(firstUnitsValueMinor(10, 3, units)).toBe(first);
    expect(lastUnitsValueMinor(10, 3, 3 - units)).toBe(rest);
  });

  it('spreads the order’s discount by line amount', () => {
    const { order } = given(orderPlaced({ lines: [mug(1), lamp(2)], discounts: [discount(100)] }));
    expect(lineValuesMinor(order)).toEqual([967, 1_933]);
  });

  it('is less by every discount of its line, and by a share of every one of the order', () => {
    const ofMug = [discount(100, 'mug', 'a'), discount(50, 'mug', 'b')];
    const ofOrder = [discount(20, null, 'c'), discount(40, null, 'd')];
    const { order } = given(orderPlaced({ lines: [mug(1), lamp(1)], discounts: [...ofMug, ...ofOrder] }));
    expect(lineValuesMinor(order)).toEqual([820, 970]);
  });

  it('is nothing where a discount takes the last penny, or there is none to take', () => {
    for (const unitPriceMinor of [1, 0]) {
      const lines = [mug(1, { unitPriceMinor })];
      const { order } = given(orderPlaced({ lines, discounts: [discount(1)] }));
      expect(lineValuesMinor(order)).toEqual([0]);
    }
  });
});
