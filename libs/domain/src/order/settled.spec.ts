import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { anyCommand } from '../testing/any-command.js';
import * as ask from '../testing/commands.js';
import { drawFrom, type Draw } from '../testing/draw.js';
import { contextOf, record, same, unitsIn } from '../testing/story.js';
import type { LineQuantity } from './content.js';
import { decide, evolve, type OrderCommand } from './order.js';
import type { Line, Order, OrderState } from './state.js';
import { orderTotals } from './totals.js';

describe('A fully paid order', () => {
  it('ends at nothing due, however it is cancelled, returned and refunded in part', () => {
    fc.assert(
      fc.property(fc.array(fc.noBias(fc.nat(9_999)), { minLength: 200, maxLength: 200 }), (numbers) => {
        const draw = drawFrom(numbers);
        let order: OrderState = null;
        let asked = 0;
        let calledOverpaid = false;
        /** Gives a command, and tells whether it was accepted. */
        const tell = (command: OrderCommand): boolean => {
          asked += 1;
          const decision = decide(order, command, contextOf(asked));
          if (!decision.accepted) return false;
          order = record(order, decision.events, `command-${asked}`).reduce<OrderState>(evolve, order);
          return true;
        };
        const now = (): Order => order!;
        if (!tell(anyCommand(null, draw, 0).command) || orderTotals(now()).totalMinor === 0) return;
        tell(ask.confirmOrder());
        tell(ask.recordCaptured(orderTotals(now()).totalMinor));
        tell(ask.cancelLines(some(now(), draw, (line) => line.quantity - 1)));
        tell(ask.createShipment());
        tell(ask.dispatchShipment({ shipmentId: now().shipments[0]!.shipmentId }));
        for (let round = 0; round < 3; round += 1) {
          const owedMinor = -orderTotals(now()).balanceDueMinor;
          if (owedMinor > 0 && draw.chance(15)) {
            tell(ask.requestRefund(draw.between(1, owedMinor), { reason: 'overpayment' }));
            calledOverpaid = true;
          }
          tell(ask.requestReturn(some(now(), draw, (line) => line.dispatched - line.inReturns)));
          const returnId = now().returns.at(-1)?.returnId;
          tell(ask.approveReturn(returnId));
          tell(ask.receiveReturn([], returnId));
          for (const reason of ['return', 'cancellation'] as const) {
            if (!tell(ask.requestRefund(some(now(), draw, refundable(now(), reason)), { reason }))) continue;
            const { refundId } = now().refunds.at(-1)!;
            tell(
              draw.chance(30)
                ? ask.recordRefundFailed(refundId)
                : ask.recordRefundSucceeded(refundId, refundId),
            );
          }
        }
        for (const reason of ['return', 'cancellation'] as const) {
          const available = refundable(now(), reason);
          const lines = now().lines.map((line) => ({ lineId: line.lineId, quantity: available(line) }));
          if (
            !tell(
              ask.requestRefund(
                lines.filter(({ quantity }) => quantity > 0),
                { reason },
              ),
            )
          )
            continue;
          const { refundId } = now().refunds.at(-1)!;
          tell(ask.recordRefundSucceeded(refundId, refundId));
        }
        // After a refund for overpayment, a refund of lines may be rejected as a whole. Then we still owe
        // something, but the customer never owes anything.
        const { balanceDueMinor, pendingRefundsMinor } = orderTotals(now());
        if (calledOverpaid) same(balanceDueMinor + pendingRefundsMinor <= 0, true);
        else same({ balanceDueMinor, pendingRefundsMinor }, { balanceDueMinor: 0, pendingRefundsMinor: 0 });
      }),
      { numRuns: 300 },
    );
  });
});

function some(order: Order, draw: Draw, available: (line: Line) => number): LineQuantity[] {
  return order.lines
    .filter((line) => available(line) > 0 && draw.chance(60))
    .map((line) => ({ lineId: line.lineId, quantity: draw.between(1, available(line)) }));
}

/** Units of a line that a reason has not given back yet. */
function refundable(order: Order, reason: 'return' | 'cancellation'): (line: Line) => number {
  const given = order.refunds.filter((each) => each.reason === reason && each.status !== 'failed');
  const parts = given.flatMap(({ of }) => (of.kind === 'lines' ? [of] : []));
  return (line) => (reason === 'return' ? line.received : line.cancelled) - unitsIn(parts, line);
}
