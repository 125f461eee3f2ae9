import { isAmount } from './checks.js';
import type { LineQuantity, RefundOf, RefundReason, RefundRequest } from './content.js';
import type { LineId } from './ids.js';
import { checkQuantities } from './lines.js';
import { isRefusal, reject, type Refusal, type RejectionCode } from './rejections.js';
import type { Line, Order, Refund } from './state.js';
import {
  cancelledUnits,
  firstUnitsValueMinor,
  lastUnitsValueMinor,
  lineValuesMinor,
  lowersTotal,
  orderTotals,
  shippingValueMinor,
} from './totals.js';

/** What a refund covers, and its amount. */
export interface Grant {
  readonly of: RefundOf;
  readonly amountMinor: number;
}

/**
 * What each reason can refund (docs/adr/0007), by what is asked for. Where a field names several bounds, all hold:
 *
 * | reason         | units of lines                          | an amount            | shipping             |
 * | -------------- | --------------------------------------- | -------------------- | -------------------- |
 * | `return`       | those received; `ungranted`; `owed`     | `ungranted`; `owed`  | its value, in all    |
 * | `cancellation` | those cancelled; `ungranted`; `owed`    | `ungranted`; `owed`  | its value, in all    |
 * | `goodwill`     | those ordered                           | any                  | its value, in all    |
 * | `overpayment`  | refused                                 | `owed`               | refused              |
 *
 * Units count once for each reason. Whatever the reason, captures have to cover it (`leftToRefundMinor`).
 */
export function grantRefund(order: Order, reason: RefundReason, request: RefundRequest): Grant | Refusal {
  if (reason === 'overpayment') return grantOverpayment(order, request);
  if (request.kind === 'shipping') return grantShipping(order, request.amountMinor);
  const granted =
    request.kind === 'lines' ? grantLines(order, reason, request.lines) : grantAmount(request.amountMinor);
  if (isRefusal(granted) || reason === 'goodwill') return granted;
  const availableMinor = Math.min(ungrantedMinor(order, reason), owedMinor(order));
  return granted.amountMinor > availableMinor
    ? refuseAbove(order, 'quantity_exceeds_refundable', availableMinor)
    : granted;
}

/** What of captures is neither refunded nor about to be. @param coveredMinor by default, what is left of the captures */
export function leftToRefundMinor(order: Order, coveredMinor?: number): number {
  const { capturedMinor, refundedMinor, pendingRefundsMinor } = orderTotals(order);
  // A capture may be taken back after it was refunded.
  return Math.max(0, (coveredMinor ?? capturedMinor) - refundedMinor - pendingRefundsMinor);
}

/** Tells an amount that would not be refused: captures may cover less than there is to refund for the reason. */
function refuseAbove(order: Order, code: RejectionCode, availableMinor: number): Refusal {
  return reject(code, { availableMinor: Math.min(availableMinor, leftToRefundMinor(order)) });
}

function grantAmount(amountMinor: number): Grant | Refusal {
  if (!isAmount(amountMinor, 1)) return reject('amount_out_of_range', { amountMinor });
  return { of: { kind: 'amount' }, amountMinor };
}

function grantOverpayment(order: Order, request: RefundRequest): Grant | Refusal {
  const availableMinor = owedMinor(order);
  // Too much was paid for the order, not for a line or for shipping.
  if (request.kind !== 'amount' || request.amountMinor > availableMinor)
    return refuseAbove(order, 'refund_exceeds_overpayment', availableMinor);
  return grantAmount(request.amountMinor);
}

function grantShipping(order: Order, askedMinor: number | null): Grant | Refusal {
  const givenMinor = live(order)
    .filter(({ of }) => of.kind === 'shipping')
    .reduce((total, refund) => total + refund.amountMinor, 0);
  // The refunds may exceed the value: one was taken for failed, another was granted, and both were paid.
  const availableMinor = Math.max(0, shippingValueMinor(order) - givenMinor);
  const amountMinor = askedMinor ?? availableMinor;
  if (availableMinor === 0 || amountMinor > availableMinor) {
    return refuseAbove(order, 'refund_exceeds_shipping', availableMinor);
  }
  return { of: { kind: 'shipping' }, amountMinor };
}

/**
 * A line's amount is the value of all its units refunded for this reason, these included, less what was granted
 * before. So the amounts sum to the value exactly, even if a refund failed in between or an edit changed the
 * value.
 */
function grantLines(order: Order, reason: RefundReason, asked: readonly LineQuantity[]): Grant | Refusal {
  const before = grantedByLine(order, reason);
  const wrong = checkQuantities(order, asked, (line, quantity) => {
    // An edit may have left the line with fewer units than were refunded.
    const available = Math.max(
      0,
      refundableUnits(order, line, reason) - (before.get(line.lineId)?.units ?? 0),
    );
    if (quantity <= available) return null;
    return reject('quantity_exceeds_refundable', { lineId: line.lineId, available });
  });
  if (wrong) return wrong;
  const values = lineValuesMinor(order);
  const worth = new Map(
    order.lines.map((line, index) => [line.lineId, { line, valueMinor: values[index]! }]),
  );
  const lines = asked.map(({ lineId, quantity }) => {
    const { line, valueMinor } = worth.get(lineId)!;
    const { units, amountMinor } = before.get(lineId) ?? { units: 0, amountMinor: 0 };
    const togetherMinor = valueOf(reason, valueMinor, line.quantity, units + quantity);
    return { lineId, quantity, amountMinor: Math.max(0, togetherMinor - amountMinor) };
  });
  const amountMinor = lines.reduce((total, line) => total + line.amountMinor, 0);
  // Such as units of a gift. The request names no amount that could be out of range.
  if (amountMinor === 0) return reject('quantity_exceeds_refundable', { availableMinor: 0 });
  return { of: { kind: 'lines', lines }, amountMinor };
}

function refundableUnits(order: Order, line: Line, reason: RefundReason): number {
  if (reason === 'return') return line.received;
  return reason === 'cancellation' ? cancelledUnits(order, line) : line.quantity;
}

/** Returned units are counted from the front, cancelled ones from the back: no unit is valued twice. */
function valueOf(reason: RefundReason, valueMinor: number, quantity: number, units: number): number {
  return reason === 'cancellation'
    ? lastUnitsValueMinor(valueMinor, quantity, units)
    : firstUnitsValueMinor(valueMinor, quantity, units);
}

/**
 * The value of all units refundable for a reason, less what was refunded for that reason. Counted line by line:
 * after an edit spreads a discount differently, the units of one line may be worth less than was refunded for
 * them. That must not lower what the other lines have left.
 */
function ungrantedMinor(order: Order, reason: RefundReason): number {
  const values = lineValuesMinor(order);
  const before = grantedByLine(order, reason);
  const ofLinesMinor = order.lines.reduce((total, line, index) => {
    const units = refundableUnits(order, line, reason);
    const valueMinor = valueOf(reason, values[index]!, line.quantity, units);
    return total + Math.max(0, valueMinor - (before.get(line.lineId)?.amountMinor ?? 0));
  }, 0);
  return Math.max(0, ofLinesMinor - grantedAsAmountsMinor(order, reason));
}

/**
 * What we owe, less pending refunds. Units that were never paid for, or that were replaced by something else,
 * leave nothing to refund. Pending refunds that lower the total do not count: they will not change the balance.
 */
function owedMinor(order: Order): number {
  const onItsWayMinor = order.refunds
    .filter((refund) => refund.status === 'pending' && !lowersTotal(refund))
    .reduce((total, refund) => total + refund.amountMinor, 0);
  return Math.max(0, -orderTotals(order).balanceDueMinor - onItsWayMinor);
}

function live(order: Order): readonly Refund[] {
  return order.refunds.filter(({ status }) => status !== 'failed');
}

function grantedAsAmountsMinor(order: Order, reason: RefundReason): number {
  return live(order)
    .filter((refund) => refund.reason === reason && refund.of.kind === 'amount')
    .reduce((total, refund) => total + refund.amountMinor, 0);
}

function grantedByLine(
  order: Order,
  reason: RefundReason,
): Map<LineId, { units: number; amountMinor: number }> {
  const byLine = new Map<LineId, { units: number; amountMinor: number }>();
  for (const refund of live(order)) {
    if (refund.reason !== reason || refund.of.kind !== 'lines') continue;
    for (const { lineId, quantity, amountMinor } of refund.of.lines) {
      const before = byLine.get(lineId) ?? { units: 0, amountMinor: 0 };
      byLine.set(lineId, { units: before.units + quantity, amountMinor: before.amountMinor + amountMinor });
    }
  }
  return byLine;
}
