import { describe, expect, it } from '@jest/globals';
import { recordStockRejected, recordStockReleased, recordStockReserved } from '../testing/commands.js';
import {
  lamp,
  linesCancelled,
  mug,
  orderCancelled,
  orderConfirmed,
  orderPlaced,
  sent,
  stockReserved,
  units,
} from '../testing/events.js';
import { given, type Happened } from '../testing/given.js';

const rejected: Happened = { type: 'StockRejected', data: { reason: 'out of stock', lines: units(mug(10)) } };
const released = (reason: string | null = null): Happened => ({ type: 'StockReleased', data: { reason } });
const placed = orderPlaced();

describe('Stock', () => {
  it('is reserved, all that is not cancelled when nothing is named', () => {
    given(placed).when(recordStockReserved()).then(stockReserved());
    given(placed, linesCancelled([mug(4)]))
      .when(recordStockReserved())
      .then(stockReserved({ lines: units(mug(6)) }));
    given(placed)
      .when(recordStockReserved({ lines: units(mug(3)) }))
      .then(stockReserved({ lines: units(mug(3)) }));
    given(placed).when(recordStockRejected()).then(rejected);
  });

  it('follows the warehouse’s last word', () => {
    given(placed, stockReserved()).when(recordStockReserved()).thenNothing();
    given(placed, stockReserved())
      .when(recordStockReserved({ reference: 'R2' }))
      .then(stockReserved({ reference: 'R2' }));
    given(placed, rejected).when(recordStockRejected()).thenNothing();
    given(placed, stockReserved()).when(recordStockRejected()).then(rejected);
    given(placed, rejected).when(recordStockReserved()).then(stockReserved());
    given(placed, rejected)
      .when(recordStockReserved({ reference: null }))
      .then(stockReserved({ reference: null }));
    for (const reason of [null, 'damaged']) {
      const again: Happened = { type: 'StockRejected', data: { reason, lines: units(mug(10)) } };
      given(placed, stockReserved()).when(recordStockRejected({ reason })).then(again);
      given(placed, rejected).when(recordStockRejected({ reason })).then(again);
    }
    expect(given(placed, stockReserved()).order.stock).toEqual({
      status: 'reserved',
      reference: 'R1',
      reason: null,
      lines: units(mug(10)),
    });
    expect(given(placed, stockReserved(), rejected).order.stock).toEqual({
      status: 'rejected',
      reference: null,
      reason: 'out of stock',
      lines: units(mug(10)),
    });
  });

  it('is released, also of an order that has ended', () => {
    given(placed, stockReserved()).when(recordStockReleased('expired')).then(released('expired'));
    given(placed, stockReserved(), orderCancelled()).when(recordStockReleased()).then(released());
    given(placed, stockReserved({ lines: units(mug(4)) }), rejected)
      .when(recordStockReleased())
      .then(released());
    given(placed).when(recordStockReleased()).thenNothing();
    given(placed, stockReserved(), released()).when(recordStockReleased()).thenNothing();
    expect(given(placed, stockReserved(), released('expired')).order.stock).toMatchObject({
      status: 'released',
      reference: 'R1',
      reason: 'expired',
    });
  });

  it('is refused for more than is wanted, unknown lines, long texts, and after the end', () => {
    const code = 'quantity_exceeds_ordered';
    given(placed)
      .when(recordStockReserved({ lines: units(mug(11)) }))
      .thenRejected(code);
    given(placed, linesCancelled([mug(1)]))
      .when(recordStockRejected({ lines: units(mug(10)) }))
      .thenRejected(code, { available: 9 });
    // Units that were shipped may be reported all the same.
    given(placed, orderConfirmed(), ...sent(mug(4)))
      .when(recordStockReserved({ lines: units(mug(11)) }))
      .thenRejected(code, { available: 10 });
    given(placed, orderConfirmed(), ...sent(mug(4)))
      .when(recordStockReserved())
      .then(stockReserved());
    given(placed)
      .when(recordStockReserved({ lines: units(lamp(1)) }))
      .thenRejected('line_not_found');
    given(placed, linesCancelled([mug(10)]))
      .when(recordStockReserved())
      .thenRejected('no_lines');
    given(placed)
      .when(recordStockReserved({ reference: 'x'.repeat(101) }))
      .thenRejected('text_too_long');
    given(placed)
      .when(recordStockRejected({ reason: 'x'.repeat(501) }))
      .thenRejected('text_too_long');
    given(placed, stockReserved())
      .when(recordStockReleased('x'.repeat(501)))
      .thenRejected('text_too_long');
    given(placed, orderCancelled()).when(recordStockReserved()).thenRejected('not_allowed_in_state');
    given(placed, orderCancelled()).when(recordStockRejected()).thenRejected('not_allowed_in_state');
  });
});
