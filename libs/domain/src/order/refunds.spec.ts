import { describe, expect, it } from '@jest/globals';
import type { LineQuantity, RefundReason } from './content.js';
import { recordRefundFailed, recordRefundSucceeded, requestRefund } from '../testing/commands.js';
import {
  captured,
  discount,
  discountApplied,
  lamp,
  lineAdded,
  lineQuantityChanged,
  linesCancelled,
  mug,
  orderCancelled,
  orderConfirmed,
  orderPlaced,
  orderRejected,
  refundFailed,
  refundRequested,
  refundSucceeded,
  returned,
  returnRequested,
  reversed,
  sent,
  taxOnTop,
} from '../testing/events.js';
import { at, given, type Happened } from '../testing/given.js';
import { orderTotals } from './totals.js';

/** Three units worth 10.00 in all: 3.34, 3.33, 3.33. */
const three = mug(3, { unitPriceMinor: 400 });
const placed = orderPlaced({ lines: [three, lamp(2)], discounts: [discount(200, 'mug')] });
const paid = [placed, orderConfirmed(), captured(3_000)];
const back = [...paid, ...sent(mug(3), lamp(2)), ...returned(mug(2))];

const ofLines = (
  lines: readonly (LineQuantity & { amountMinor: number })[],
  reason: RefundReason,
  refundId = 'new-0',
  returnId: string | null = null,
) =>
  refundRequested(
    lines.reduce((sum, line) => sum + line.amountMinor, 0),
    {
      refundId,
      reason,
      returnId,
      of: {
        kind: 'lines',
        lines: lines.map(({ lineId, quantity, amountMinor }) => ({ lineId, quantity, amountMinor })),
      },
    },
  );
const mugs = (quantity: number, amountMinor: number) => ({ lineId: 'mug', quantity, amountMinor });

describe('RequestRefund for a return', () => {
  const reason = 'return' as const;

  it('gives back the value of received units, from the front', () => {
    given(...back)
      .when(requestRefund([mug(1)], { reason }))
      .then(ofLines([mugs(1, 334)], reason));
    given(...back)
      .when(requestRefund([mug(2)], { reason }))
      .then(ofLines([mugs(2, 667)], reason));
    given(...back, ofLines([mugs(1, 334)], reason, 'refund'))
      .when(requestRefund([mug(1)], { reason, returnId: 'return' }))
      .then(ofLines([mugs(1, 333)], reason, 'new-0', 'return'));
  });

  it('gives units whose refund failed their value again, whatever was refunded after it', () => {
    const history = [
      ...paid,
      ...sent(mug(3), lamp(2)),
      ...returned(mug(3)),
      ofLines([mugs(2, 667)], reason, 'first'),
      ofLines([mugs(1, 333)], reason, 'second'),
      refundFailed('first'),
    ];
    given(...history)
      .when(requestRefund([mug(2)], { reason }))
      .then(ofLines([mugs(2, 667)], reason));
  });

  it('gives back no more units than came and were not refunded', () => {
    const code = 'quantity_exceeds_refundable';
    given(...back)
      .when(requestRefund([mug(3)], { reason }))
      .thenRejected(code, { lineId: 'mug', available: 2 });
    given(...back)
      .when(requestRefund([lamp(1)], { reason }))
      .thenRejected(code, { available: 0 });
    given(...back, ofLines([mugs(1, 334)], reason, 'refund'))
      .when(requestRefund([mug(2)], { reason }))
      .thenRejected(code, { available: 1 });
    given(...back, ofLines([mugs(1, 334)], 'goodwill', 'refund'))
      .when(requestRefund([mug(2)], { reason }))
      .then(ofLines([mugs(2, 667)], reason));
  });

  it('gives nothing back for units that are worth nothing, and says so', () => {
    const gift = mug(1, { unitPriceMinor: 0 });
    const came = [
      orderPlaced({ lines: [gift, lamp(2)] }),
      orderConfirmed(),
      captured(3_000),
      ...sent(mug(1), lamp(2)),
      ...returned(mug(1), lamp(1)),
    ];
    given(...came)
      .when(requestRefund([mug(1)], { reason }))
      .thenRejected('quantity_exceeds_refundable', { availableMinor: 0 });
    given(...came)
      .when(requestRefund([mug(1), lamp(1)], { reason }))
      .then(ofLines([mugs(1, 0), { lineId: 'lamp', quantity: 1, amountMinor: 1_000 }], reason));
  });

  it('may be an amount out of that value', () => {
    given(...back)
      .when(requestRefund(667, { reason }))
      .then(refundRequested(667, { refundId: 'new-0', reason }));
    given(...back)
      .when(requestRefund(668, { reason }))
      .thenRejected('quantity_exceeds_refundable', {
        availableMinor: 667,
      });
    given(...back, refundRequested(1, { reason }))
      .when(requestRefund([mug(2)], { reason }))
      .thenRejected('quantity_exceeds_refundable', { availableMinor: 666 });
    given(...back, refundRequested(1, { reason }), refundFailed())
      .when(requestRefund([mug(2)], { reason }))
      .then(ofLines([mugs(2, 667)], reason));
  });

  it('is of no more than what came back is worth, however much is owed besides', () => {
    const overpaid = [
      placed,
      orderConfirmed(),
      captured(9_000),
      ...sent(mug(3), lamp(2)),
      ...returned(mug(2)),
    ];
    const left = (availableMinor: number, ...before: readonly Happened[]) => {
      const { when } = given(...overpaid, ...before);
      when(requestRefund(availableMinor + 1, { reason })).thenRejected('quantity_exceeds_refundable', {
        availableMinor,
      });
      return when;
    };
    left(667)(requestRefund(667, { reason })).then(refundRequested(667, { refundId: 'new-0', reason }));
    left(333, ofLines([mugs(1, 334)], reason, 'refund'));
    left(667, ofLines([mugs(1, 334)], 'goodwill', 'refund'));
    left(0, refundRequested(667, { reason }));
    left(0, refundRequested(667, { reason }), discountApplied(300, 'mug', 'more'));
    left(
      367,
      refundRequested(300, { reason }),
    )(requestRefund([mug(2)], { reason })).thenRejected('quantity_exceeds_refundable', {
      availableMinor: 367,
    });
  });

  it('may be for any return of the order', () => {
    for (const returnId of ['return', 'second']) {
      given(...back, returnRequested([mug(1)], 'second'))
        .when(requestRefund([mug(1)], { reason, returnId }))
        .then(ofLines([mugs(1, 334)], reason, 'new-0', returnId));
    }
  });

  it('is refused for an unknown return, unknown lines, nothing', () => {
    given(...back)
      .when(requestRefund([mug(1)], { reason, returnId: 'x' }))
      .thenRejected('return_not_found', { returnId: 'x' });
    given(...back)
      .when(requestRefund([{ lineId: 'x', quantity: 1 }], { reason }))
      .thenRejected('line_not_found');
    given(...back)
      .when(requestRefund([], { reason }))
      .thenRejected('no_lines');
    given(...back)
      .when(requestRefund([mug(0)], { reason }))
      .thenRejected('quantity_out_of_range');
    given(...back)
      .when(requestRefund(0, { reason }))
      .thenRejected('amount_out_of_range');
  });
});

describe('RequestRefund for a cancellation', () => {
  const reason = 'cancellation' as const;

  it('gives back the value of cancelled units, from the back', () => {
    given(...paid, linesCancelled([mug(1)]))
      .when(requestRefund([mug(1)], { reason }))
      .then(ofLines([mugs(1, 333)], reason));
    given(...paid, linesCancelled([mug(3)]), ofLines([mugs(2, 666)], reason, 'refund'))
      .when(requestRefund([mug(1)], { reason }))
      .then(ofLines([mugs(1, 334)], reason));
    given(...paid, linesCancelled([mug(1)]))
      .when(requestRefund([mug(2)], { reason }))
      .thenRejected('quantity_exceeds_refundable', { available: 1 });
  });

  it('gives back what a line is worth, also where an edit left another one worth less than was given for it', () => {
    const [first, second] = [mug(1, { unitPriceMinor: 10_000 }), lamp(2, { unitPriceMinor: 10_000 })];
    const lampCancelled = [
      orderPlaced({ lines: [first, second], discounts: [discount(3_000)] }),
      orderConfirmed(),
      captured(27_000),
      linesCancelled([mug(1)]),
      ofLines([mugs(1, 9_000)], reason, 'first'),
      refundSucceeded('first', 'B1'),
      lineQuantityChanged('lamp', 1), // the mug is worth 8,500 now
      refundRequested(9_500, { refundId: 'second', reason: 'overpayment' }),
      refundSucceeded('second', 'B2'),
      linesCancelled([lamp(1)], 'all'),
    ];
    given(...lampCancelled)
      .when(requestRefund([lamp(1)], { reason }))
      .then(ofLines([{ lineId: 'lamp', quantity: 1, amountMinor: 8_500 }], reason));
    given(...lampCancelled)
      .when(requestRefund(8_501, { reason }))
      .thenRejected('quantity_exceeds_refundable', { availableMinor: 8_500 });
  });

  it('gives back all of an order that came to nothing', () => {
    for (const end of [orderCancelled(), orderRejected()]) {
      given(placed, captured(3_000), end)
        .when(requestRefund([mug(3)], { reason }))
        .then(ofLines([mugs(3, 1_000)], reason));
    }
    given(...paid, ...sent(mug(1)), linesCancelled([mug(2), lamp(2)]), orderCancelled())
      .when(requestRefund([mug(3)], { reason }))
      .thenRejected('quantity_exceeds_refundable', { available: 2 });
  });
});

describe('RequestRefund of units that nobody has paid for', () => {
  const cancellation = requestRefund([mug(3)], { reason: 'cancellation' });
  const code = 'quantity_exceeds_refundable';

  it('gives nothing back where they were cancelled before anything was taken', () => {
    given(placed, orderConfirmed(), linesCancelled([mug(3)]), captured(2_000))
      .when(cancellation)
      .thenRejected(code, { availableMinor: 0 });
    given(placed, orderConfirmed(), linesCancelled([mug(3)]), captured(2_400))
      .when(requestRefund(400, { reason: 'cancellation' }))
      .then(refundRequested(400, { refundId: 'new-0', reason: 'cancellation' }));
  });

  it('gives nothing back where others were taken for what they cost', () => {
    const exchanged = given(...paid, linesCancelled([mug(3)]), lineAdded(lamp(1, { lineId: 'other' })));
    exchanged.when(cancellation).thenRejected(code, { availableMinor: 0 });
  });

  it('gives back what is owed although a goodwill refund is pending', () => {
    given(...paid, refundRequested(500), linesCancelled([mug(3)]))
      .when(cancellation)
      .then(ofLines([mugs(3, 1_000)], 'cancellation'));
    given(...paid, refundRequested(500, { reason: 'cancellation' }), linesCancelled([mug(3)]))
      .when(requestRefund(501, { reason: 'overpayment' }))
      .thenRejected('refund_exceeds_overpayment', { availableMinor: 500 });
  });
});

describe('RequestRefund of an overpayment', () => {
  const reason = 'overpayment' as const;
  const over = [placed, captured(3_100)];
  const code = 'refund_exceeds_overpayment';

  it('gives back what we owe, less what is on its way', () => {
    given(...over)
      .when(requestRefund(100, { reason }))
      .then(refundRequested(100, { refundId: 'new-0', reason }));
    given(...over)
      .when(requestRefund(101, { reason }))
      .thenRejected(code, { availableMinor: 100 });
    given(...over, refundRequested(60, { reason }))
      .when(requestRefund(41, { reason }))
      .thenRejected(code);
    given(...over, refundRequested(60, { reason }), refundSucceeded())
      .when(requestRefund(41, { reason }))
      .thenRejected(code, { availableMinor: 40 });
    given(placed, captured(2_000))
      .when(requestRefund(1, { reason }))
      .thenRejected(code, { availableMinor: 0 });
    given(...over)
      .when(requestRefund(0, { reason }))
      .thenRejected('amount_out_of_range');
  });

  it('of returned or cancelled units uses up their value, which is not refunded again for another reason', () => {
    const exceeds = 'quantity_exceeds_refundable';
    given(...back, refundRequested(667, { reason }), refundSucceeded())
      .when(requestRefund([mug(2)], { reason: 'return' }))
      .thenRejected(exceeds, { availableMinor: 0 });
    const inPart = [...back, refundRequested(300, { reason })];
    given(...inPart)
      .when(requestRefund([mug(2)], { reason: 'return' }))
      .thenRejected(exceeds, { availableMinor: 367 });
    given(...inPart)
      .when(requestRefund(367, { reason: 'return' }))
      .then(refundRequested(367, { refundId: 'new-0', reason: 'return' }));
    given(...paid, orderCancelled(), refundRequested(1_000, { reason }))
      .when(requestRefund([mug(3), lamp(2)], { reason: 'cancellation' }))
      .thenRejected(exceeds, { availableMinor: 2_000 });
  });

  it('takes what was captured beyond the order’s cost first, and the value of returned units only then', () => {
    const backOverpaid = [...over, orderConfirmed(), ...sent(mug(3), lamp(2)), ...returned(mug(2))];
    given(...backOverpaid, refundRequested(100, { reason }), refundSucceeded())
      .when(requestRefund([mug(2)], { reason: 'return' }))
      .then(ofLines([mugs(2, 667)], 'return'));
    given(...backOverpaid, refundRequested(200, { reason }), refundSucceeded())
      .when(requestRefund([mug(2)], { reason: 'return' }))
      .thenRejected('quantity_exceeds_refundable', { availableMinor: 567 });
  });

  it('is of an amount, not of lines or shipping', () => {
    given(...over)
      .when(requestRefund([mug(1)], { reason }))
      .thenRejected(code);
    given(...over)
      .when(requestRefund({ kind: 'shipping', amountMinor: 1 }, { reason }))
      .thenRejected(code);
  });
});

describe('A refund that is refused', () => {
  it('is told no more than captures cover, whatever there is to refund for its reason', () => {
    const goodwill = refundRequested(1_400, { reason: 'goodwill' });
    given(placed, captured(4_500), goodwill)
      .when(requestRefund(1_600, { reason: 'overpayment' }))
      .thenRejected('refund_exceeds_overpayment', { availableMinor: 1_500 });
    given(placed, captured(4_500), refundRequested(4_000, { reason: 'goodwill' }))
      .when(requestRefund(1_600, { reason: 'overpayment' }))
      .thenRejected('refund_exceeds_overpayment', { availableMinor: 500 });
    given(...paid, refundRequested(2_500, { reason: 'goodwill' }), linesCancelled([mug(3)]))
      .when(requestRefund(1_001, { reason: 'cancellation' }))
      .thenRejected('quantity_exceeds_refundable', { availableMinor: 500 });
    given(orderPlaced({ shipping: { method: null, amountMinor: 500, tax: taxOnTop(100) } }), captured(300))
      .when(requestRefund({ kind: 'shipping', amountMinor: 700 }, { reason: 'goodwill' }))
      .thenRejected('refund_exceeds_shipping', { availableMinor: 300 });
  });
});

describe('RequestRefund for goodwill', () => {
  it('leaves no units of a line that has fewer by now than were given back', () => {
    given(...paid, ofLines([mugs(3, 1_000)], 'goodwill', 'refund'), lineQuantityChanged('mug', 1))
      .when(requestRefund([mug(1)]))
      .thenRejected('quantity_exceeds_refundable', { lineId: 'mug', available: 0 });
  });

  it('takes nothing off other lines where an edit left units worth less than was given for them', () => {
    given(...paid, ofLines([mugs(1, 334)], 'goodwill', 'refund'), discountApplied(700, 'mug', 'more'))
      .when(requestRefund([mug(1), lamp(1)]))
      .then(ofLines([mugs(1, 0), { lineId: 'lamp', quantity: 1, amountMinor: 1_000 }], 'goodwill'));
  });

  it('takes any units once, any amount, up to what was captured', () => {
    given(...paid)
      .when(requestRefund([mug(3)]))
      .then(ofLines([mugs(3, 1_000)], 'goodwill'));
    given(...paid, ofLines([mugs(1, 334)], 'goodwill', 'refund'))
      .when(requestRefund([mug(3)]))
      .thenRejected('quantity_exceeds_refundable', { available: 2 });
    given(...paid)
      .when(requestRefund(3_000))
      .then(refundRequested(3_000, { refundId: 'new-0' }));
  });

  it('lowers the total, once it succeeded', () => {
    expect(orderTotals(given(...paid, refundRequested(500)).order)).toMatchObject({
      totalMinor: 3_000,
      pendingRefundsMinor: 500,
      balanceDueMinor: 0,
    });
    expect(orderTotals(given(...paid, refundRequested(500), refundSucceeded()).order)).toMatchObject({
      totalMinor: 2_500,
      refundedMinor: 500,
      pendingRefundsMinor: 0,
      balanceDueMinor: 0,
    });
  });
});

describe('RequestRefund of shipping', () => {
  const shipping = { method: null, amountMinor: 500, tax: taxOnTop(100) };
  const delivered = [orderPlaced({ shipping }), captured(10_600)];
  const ofShipping = (amountMinor: number | null) => requestRefund({ kind: 'shipping', amountMinor });
  const refunded = (amountMinor: number, refundId = 'refund') =>
    refundRequested(amountMinor, { refundId, of: { kind: 'shipping' } });

  it('gives back what it cost with its tax, or what is left of that', () => {
    given(...delivered)
      .when(ofShipping(null))
      .then(refunded(600, 'new-0'));
    given(...delivered, refunded(100))
      .when(ofShipping(null))
      .then(refunded(500, 'new-0'));
    given(...delivered, refunded(600), refundFailed())
      .when(ofShipping(600))
      .then(refunded(600, 'new-0'));
  });

  it('gives it back once', () => {
    const code = 'refund_exceeds_shipping';
    given(...delivered)
      .when(ofShipping(601))
      .thenRejected(code, { availableMinor: 600 });
    given(...delivered, refunded(100))
      .when(ofShipping(501))
      .thenRejected(code, { availableMinor: 500 });
    given(...delivered, refunded(600))
      .when(ofShipping(null))
      .thenRejected(code);
    given(...delivered, refunded(600), refundFailed(), refunded(600, 'other'), refundSucceeded())
      .when(ofShipping(null))
      .thenRejected(code, { availableMinor: 0 });
    given(...paid)
      .when(ofShipping(null))
      .thenRejected(code);
    given(...delivered)
      .when(ofShipping(-1))
      .thenRejected('amount_out_of_range');
    given(...delivered)
      .when(ofShipping(0))
      .thenRejected('amount_out_of_range');
  });

  it('lowers the total whatever its reason', () => {
    const returnOf = refundRequested(600, { reason: 'return', of: { kind: 'shipping' } });
    expect(orderTotals(given(...delivered, returnOf, refundSucceeded()).order)).toMatchObject({
      totalMinor: 10_000,
      balanceDueMinor: 0,
    });
  });
});

describe('RequestRefund', () => {
  it('gives back no more than came in', () => {
    const code = 'refund_exceeds_captured';
    given(placed).when(requestRefund(1)).thenRejected(code, { availableMinor: 0 });
    given(...paid)
      .when(requestRefund(3_001))
      .thenRejected(code, { availableMinor: 3_000 });
    given(...paid, refundRequested(1_000))
      .when(requestRefund(2_001))
      .thenRejected(code);
    given(...paid, refundRequested(1_000), refundSucceeded())
      .when(requestRefund(2_001))
      .thenRejected(code);
    given(...paid, refundRequested(1_000), refundFailed())
      .when(requestRefund(3_000))
      .then(refundRequested(3_000, { refundId: 'new-0' }));
  });

  it('gives back nothing that the provider took back', () => {
    const code = 'refund_exceeds_captured';
    given(...paid, reversed(2_000))
      .when(requestRefund(1_001))
      .thenRejected(code, { availableMinor: 1_000 });
    given(...paid, refundRequested(500), refundSucceeded(), reversed(3_000))
      .when(requestRefund(1))
      .thenRejected(code, { availableMinor: 0 });
    const reversedAndPaid = [
      reversed(3_000),
      captured(300, { paymentId: 'second', providerReference: 'C2' }),
    ];
    given(...paid, refundRequested(500), ...reversedAndPaid)
      .when(requestRefund(1))
      .thenRejected(code, { availableMinor: 0 });
    given(...paid, linesCancelled([mug(3)]), reversed(2_500))
      .when(requestRefund([mug(1)], { reason: 'cancellation' }))
      .thenRejected('quantity_exceeds_refundable', { availableMinor: 0 });
  });

  it('is the same refund under the same id', () => {
    const refund = { newIds: ['refund'] };
    const amount = given(...paid, refundRequested(500));
    amount.when(requestRefund(500), refund).thenNothing();
    amount.when(requestRefund(500), { ...refund, occurredAt: at('01:00') }).thenNothing();
    amount.when(requestRefund(501), refund).thenRejected('id_already_used');
    amount.when(requestRefund([mug(1)]), refund).thenRejected('id_already_used');
    for (const other of [{ reason: 'overpayment' as const }, { returnId: 'return' }]) {
      amount.when(requestRefund(500, other), refund).thenRejected('id_already_used');
    }
    amount
      .when(requestRefund({ kind: 'shipping', amountMinor: 500 }), refund)
      .thenRejected('id_already_used');
    given(...paid, refundRequested(500), refundSucceeded())
      .when(requestRefund(500), refund)
      .thenNothing();
    const lines = given(...paid, ofLines([mugs(1, 334)], 'goodwill', 'refund'));
    lines.when(requestRefund([mug(1)]), refund).thenNothing();
    lines.when(requestRefund([mug(2)]), refund).thenRejected('id_already_used');
    lines.when(requestRefund(334), refund).thenRejected('id_already_used');
    const shipping = { shipping: { method: null, amountMinor: 500, tax: null } };
    given(orderPlaced(shipping), captured(500), refundRequested(500, { of: { kind: 'shipping' } }))
      .when(requestRefund({ kind: 'shipping', amountMinor: null }), refund)
      .thenNothing();
  });

  it('is in the order’s currency', () => {
    given(...paid)
      .when(requestRefund(1, { currency: 'USD' }))
      .thenRejected('currency_mismatch');
    given(...paid, refundRequested(500))
      .when(requestRefund(500, { currency: 'USD' }), { newIds: ['refund'] })
      .thenRejected('currency_mismatch', { currency: 'GBP' });
  });
});

describe('RecordRefundSucceeded and RecordRefundFailed', () => {
  const pending = [...paid, refundRequested(500), refundRequested(400, { refundId: 'other' })];

  it('say how it went, once', () => {
    given(...pending)
      .when(recordRefundSucceeded())
      .then(refundSucceeded());
    given(...pending)
      .when(recordRefundFailed())
      .then(refundFailed());
    given(...pending, refundSucceeded())
      .when(recordRefundSucceeded())
      .thenNothing();
    given(...pending, refundFailed())
      .when(recordRefundFailed())
      .thenNothing();
    given(...pending, refundFailed())
      .when(recordRefundFailed('refund', { reason: 'other' }))
      .thenNothing();
    expect(given(...pending, refundFailed()).order.refunds[0]).toMatchObject({
      status: 'failed',
      failureReason: 'account closed',
    });
  });

  const failedAtProvider = refundFailed('refund', { providerReference: 'B1' });

  it('are refused after the other where the provider has not said so', () => {
    given(...pending, failedAtProvider)
      .when(recordRefundSucceeded())
      .thenRejected('refund_not_in_state', { refundId: 'refund', status: 'failed' });
    for (const providerReference of [null, 'B2']) {
      given(...pending, refundSucceeded())
        .when(recordRefundFailed('refund', { providerReference }))
        .thenRejected('refund_not_in_state', { refundId: 'refund', status: 'succeeded' });
    }
    given(...pending, refundSucceeded())
      .when(recordRefundSucceeded('refund', 'B2'))
      .thenRejected('refund_not_in_state');
  });

  it('tell of money that came back to the provider, which may then be given back anew', () => {
    const cameBack = recordRefundFailed('refund', { providerReference: 'B1' });
    given(...pending, refundSucceeded())
      .when(cameBack)
      .then(failedAtProvider);
    const failed = given(...pending, refundSucceeded(), failedAtProvider);
    failed.when(cameBack).thenNothing();
    failed.when(requestRefund(2_600)).then(refundRequested(2_600, { refundId: 'new-0' }));
    expect(orderTotals(failed.order)).toMatchObject({ totalMinor: 3_000, refundedMinor: 0 });
  });

  it('tell of money that was paid although somebody had given it up, unless it was given another way', () => {
    given(...pending, refundFailed())
      .when(recordRefundSucceeded())
      .then(refundSucceeded());
    expect(given(...pending, refundFailed(), refundSucceeded()).order.refunds[0]).toMatchObject({
      status: 'succeeded',
      failureReason: null,
    });
    given(...pending, refundFailed(), reversed(3_000))
      .when(recordRefundSucceeded())
      .then(refundSucceeded());
    const paidAnew = captured(3_000, { paymentId: 'second', providerReference: 'C2' });
    const instead = [refundRequested(2_600, { refundId: 'instead' }), refundSucceeded('instead', 'B2')];
    given(...pending, refundFailed(), reversed(3_000), paidAnew, ...instead)
      .when(recordRefundSucceeded())
      .then(refundSucceeded());
    given(...pending, refundFailed(), refundRequested(2_600, { refundId: 'instead' }))
      .when(recordRefundSucceeded())
      .thenRejected('refund_exceeds_captured', { availableMinor: 0 });
  });

  it('record once that the provider failed at a refund that somebody had given up', () => {
    const givenUp = given(...pending, refundFailed());
    givenUp.when(recordRefundFailed('refund', { providerReference: 'B1' })).then(failedAtProvider);
    const failed = given(...pending, refundFailed(), failedAtProvider);
    expect(failed.order.refunds[0]).toMatchObject({ status: 'failed', providerReference: 'B1' });
    failed.when(recordRefundFailed('refund', { providerReference: 'B1' })).thenNothing();
    failed.when(recordRefundFailed()).thenNothing();
    failed
      .when(recordRefundSucceeded('refund', 'B1'))
      .thenRejected('refund_not_in_state', { refundId: 'refund', status: 'failed' });
    failed
      .when(recordRefundFailed('refund', { providerReference: 'B2' }))
      .thenRejected('refund_not_in_state', { refundId: 'refund', status: 'failed' });
    given(...pending, refundFailed(), refundSucceeded('other', 'B1'))
      .when(recordRefundFailed('refund', { providerReference: 'B1' }))
      .thenRejected('provider_reference_reused', { providerReference: 'B1' });
  });

  it('record a provider’s reference once', () => {
    given(...pending, refundSucceeded('other'))
      .when(recordRefundSucceeded())
      .thenRejected('provider_reference_reused', { providerReference: 'B1' });
    given(...pending, refundSucceeded('other'))
      .when(recordRefundFailed('refund', { providerReference: 'B1' }))
      .thenRejected('provider_reference_reused');
  });

  it('take a reference that another refund failed under for that one', () => {
    const failed = given(...pending, {
      type: 'RefundFailed',
      data: { refundId: 'other', providerReference: 'B1', reason: null },
    });
    failed.when(recordRefundSucceeded()).thenRejected('provider_reference_reused');
    failed
      .when(recordRefundFailed('refund', { providerReference: 'B1' }))
      .thenRejected('provider_reference_reused');
    failed.when(recordRefundFailed('other', { providerReference: 'B1' })).thenNothing();
    failed.when(recordRefundSucceeded('refund', 'B2')).then(refundSucceeded('refund', 'B2'));
    given(...pending, refundFailed('other'))
      .when(recordRefundFailed())
      .then(refundFailed());
  });

  it('record the failure of a refund whose reference was another’s before, as orders of 0.1.0 may have it', () => {
    const came = (refundId: string): Happened => ({
      type: 'RefundFailed',
      data: { refundId, providerReference: 'B1', reason: 'account closed' },
    });
    given(...pending, came('other'), refundSucceeded())
      .when(recordRefundFailed('refund', { providerReference: 'B1' }))
      .then(came('refund'));
  });

  it('are refused for an unknown refund, and with long texts', () => {
    given(...paid)
      .when(recordRefundSucceeded())
      .thenRejected('refund_not_found', { refundId: 'refund' });
    given(...paid)
      .when(recordRefundFailed())
      .thenRejected('refund_not_found');
    given(...pending)
      .when(recordRefundSucceeded('refund', 'x'.repeat(101)))
      .thenRejected('text_too_long', { field: 'providerReference' });
    given(...pending)
      .when(recordRefundFailed('refund', { reason: 'x'.repeat(501) }))
      .thenRejected('text_too_long');
    given(...pending)
      .when(recordRefundFailed('refund', { providerReference: 'x'.repeat(101) }))
      .thenRejected('text_too_long', { field: 'providerReference' });
  });
});
