import { describe, expect, it } from '@jest/globals';
import type { Instant } from '../instant.js';
import * as ask from '../testing/commands.js';
import * as has from '../testing/events.js';
import { lamp, mug, units } from '../testing/events.js';
import { at, given } from '../testing/given.js';
import { accept, isRefusal, reject, rejectionCodes, type RejectionCode } from './rejections.js';

const placed = has.orderPlaced();
const confirmed = [placed, has.orderConfirmed()];
const sent = [...confirmed, ...has.sent(mug(5))];
const long = 'x'.repeat(501);
const late = '2026-03-02T12:01:00.001Z' as Instant;

/** For every rejection code, an order and a command that meet it. A code without an example does not compile. */
const examples: { readonly [Code in RejectionCode]: ReturnType<ReturnType<typeof given>['when']> } = {
  order_not_found: given().when(ask.confirmOrder()),
  order_already_placed: given(placed).when(ask.placeOrder({ reference: 'other' })),
  not_allowed_in_state: given(...confirmed).when(ask.rejectOrder()),
  order_on_hold: given(placed, has.orderHeld()).when(ask.confirmOrder()),
  order_not_fulfilled: given(...confirmed).when(ask.completeOrder()),

  occurred_at_in_future: given().when(ask.placeOrder(), { occurredAt: late }),
  occurred_at_needs_admin: given().when(ask.placeOrder(), { occurredAt: at('11:00') }),
  occurred_at_before_last_event: given(placed).when(ask.confirmOrder(), {
    occurredAt: at('11:00'),
    mayBackdate: true,
  }),

  no_lines: given().when(ask.placeOrder({ lines: [] })),
  too_many_lines: given().when(
    ask.placeOrder({ lines: Array.from({ length: 2_001 }, () => ask.input(mug(1))) }),
  ),
  too_many_items: given(placed).when(ask.changeTags(...Array.from({ length: 51 }, (_, i) => `${i}`))),
  text_too_long: given(placed).when(ask.rejectOrder(long)),
  quantity_out_of_range: given(placed).when(ask.cancelLines([mug(0)])),
  amount_out_of_range: given(placed).when(ask.recordCaptured(0)),
  total_out_of_range: given(placed).when(ask.editOrder([ask.addLine(lamp(1, { unitPriceMinor: 1e14 }))])),
  invalid_currency: given().when(ask.placeOrder({ currency: 'XXX' })),
  invalid_country: given().when(
    ask.placeOrder({ billingAddress: { country: 'Britain', countryName: null } }),
  ),
  currency_mismatch: given(placed).when(ask.recordCaptured(1, { currency: 'EUR' })),
  discount_exceeds_lines: given(placed).when(ask.editOrder([ask.applyDiscount(10_001)])),
  line_index_out_of_range: given().when(
    ask.placeOrder({ discounts: [{ code: null, description: null, amountMinor: 1, lineIndex: 1 }] }),
  ),
  duplicate_line: given(placed).when(ask.cancelLines([mug(1), mug(1)])),
  id_already_used: given(placed).when(ask.addNote('x'), { newIds: ['mug'] }),

  line_not_found: given(placed).when(ask.cancelLines([lamp(1)])),
  discount_not_found: given(placed).when(ask.editOrder([ask.removeDiscount()])),
  payment_not_found: given(placed).when(ask.recordVoided()),
  refund_not_found: given(placed).when(ask.recordRefundSucceeded()),
  shipment_not_found: given(placed).when(ask.deliverShipment()),
  return_not_found: given(placed).when(ask.approveReturn()),
  note_not_found: given(placed).when(ask.redactNote()),

  quantity_exceeds_ordered: given(placed).when(ask.recordStockReserved({ lines: units(mug(11)) })),
  quantity_exceeds_unshipped: given(...sent).when(ask.createShipment({ lines: [mug(6)] })),
  quantity_below_committed: given(...sent).when(ask.editOrder([ask.changeLineQuantity('mug', 4)])),
  quantity_exceeds_dispatched: given(...sent).when(ask.requestReturn([mug(6)])),
  quantity_exceeds_return: given(...sent, has.returnRequested([mug(1)]), has.returnApproved()).when(
    ask.receiveReturn([mug(2)]),
  ),
  quantity_exceeds_refundable: given(...sent, has.captured(10_000)).when(
    ask.requestRefund([mug(1)], { reason: 'return' }),
  ),
  line_in_use: given(...sent).when(ask.editOrder([ask.addLine(lamp(1)), ask.removeLine('mug')])),

  provider_reference_reused: given(placed, has.captured(1)).when(ask.recordCaptured(2)),
  capture_exceeds_authorization: given(placed, has.authorized(1)).when(
    ask.recordCaptured(2, { authorizationId: 'authorization' }),
  ),
  authorization_closed: given(placed, has.authorized(1), has.voided()).when(
    ask.recordCaptured(1, { authorizationId: 'authorization' }),
  ),
  reversal_exceeds_capture: given(placed, has.captured(1)).when(ask.recordReversed(2)),
  refund_exceeds_captured: given(placed).when(ask.requestRefund(1)),
  refund_exceeds_shipping: given(placed).when(ask.requestRefund({ kind: 'shipping', amountMinor: 1 })),
  refund_exceeds_overpayment: given(placed, has.captured(10_000)).when(
    ask.requestRefund(1, { reason: 'overpayment' }),
  ),

  shipment_not_in_state: given(...sent).when(ask.cancelShipment()),
  return_not_in_state: given(...sent, has.returnRequested([mug(1)])).when(ask.closeReturn()),
  refund_not_in_state: given(placed, has.captured(1), has.refundRequested(1), has.refundSucceeded()).when(
    ask.recordRefundFailed(),
  ),
};

describe('Every reason to say no', () => {
  it.each(rejectionCodes)('%s is met', (code) => {
    examples[code].thenRejected(code);
  });

  it('is listed once', () => {
    expect(Object.keys(examples).sort()).toEqual([...rejectionCodes].sort());
  });

  it('makes a refusal, which nothing else is', () => {
    expect(isRefusal(reject('no_lines'))).toBe(true);
    for (const other of [accept(), accept({}), [], {}, 'accepted', null, undefined]) {
      expect(isRefusal(other)).toBe(false);
    }
  });
});
