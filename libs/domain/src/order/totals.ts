import { allocate } from '../money.js';
import type { Discount, OrderedLine, Tax } from './content.js';
import { anythingDispatched, lineAmountMinor } from './lines.js';
import type { Capture, Line, Order, Refund } from './state.js';

/** All in minor units of the order's currency; derived, never stored (invariant 3). */
export interface OrderTotals {
  readonly linesMinor: number;
  readonly discountsMinor: number;
  readonly surchargesMinor: number;
  /** Without exclusive tax. */
  readonly shippingMinor: number;
  /** Tax added to the prices of lines and shipping. */
  readonly exclusiveTaxMinor: number;
  /** All tax, including tax that prices already include. */
  readonly taxMinor: number;
  readonly orderedTotalMinor: number;
  readonly totalMinor: number;
  /** Captures, less what the provider took back of them. */
  readonly capturedMinor: number;
  /** Refunds that succeeded. */
  readonly refundedMinor: number;
  readonly pendingRefundsMinor: number;
  /** Negative: we owe. */
  readonly balanceDueMinor: number;
}

export function orderTotals(order: Order): OrderTotals {
  const linesMinor = sum(order.lines, lineAmountMinor);
  const discountsMinor = sum(order.discounts, amountMinor);
  const surchargesMinor = sum(order.surcharges, amountMinor);
  const shippingMinor = order.shipping?.amountMinor ?? 0;
  const shippingTax = order.shipping?.tax ?? null;
  const exclusiveTaxMinor = sum(order.lines, ({ tax }) => onTopMinor(tax)) + onTopMinor(shippingTax);
  const taxMinor = sum(order.lines, ({ tax }) => tax?.amountMinor ?? 0) + (shippingTax?.amountMinor ?? 0);
  const orderedTotalMinor = linesMinor + surchargesMinor + shippingMinor + exclusiveTaxMinor - discountsMinor;
  const capturedMinor = sum(order.payments.captures, heldMinor);
  const refundedMinor = sum(
    order.refunds.filter(({ status }) => status === 'succeeded'),
    amountMinor,
  );
  const totalMinor = isCalledOff(order) ? 0 : Math.max(0, orderedTotalMinor - givenUpMinor(order));
  return {
    linesMinor,
    discountsMinor,
    surchargesMinor,
    shippingMinor,
    exclusiveTaxMinor,
    taxMinor,
    orderedTotalMinor,
    totalMinor,
    capturedMinor,
    refundedMinor,
    pendingRefundsMinor: sum(
      order.refunds.filter(({ status }) => status === 'pending'),
      amountMinor,
    ),
    balanceDueMinor: totalMinor - (capturedMinor - refundedMinor),
  };
}

/** All that was ever captured, also what the provider took back since. */
export function everCapturedMinor(order: Order): number {
  return sum(order.payments.captures, amountMinor);
}

/** What is left of a capture after its reversals. */
export function heldMinor({ amountMinor, reversedMinor }: Capture): number {
  return amountMinor - reversedMinor;
}

/** Whether all of the order is off: it was rejected, or cancelled with nothing dispatched that is not lost. */
function isCalledOff(order: Order): boolean {
  return order.status === 'rejected' || (order.status === 'cancelled' && !anythingDispatched(order));
}

/** The part of the ordered total that the customer no longer owes. */
function givenUpMinor(order: Order): number {
  const values = order.lines.some((line) => line.cancelled > 0 || line.received > 0)
    ? lineValuesMinor(order)
    : [];
  const unitsMinor = values.reduce((total, value, index) => {
    const line = order.lines[index]!;
    return (
      total +
      lastUnitsValueMinor(value, line.quantity, line.cancelled) +
      firstUnitsValueMinor(value, line.quantity, line.received)
    );
  }, 0);
  const given = order.refunds.filter((refund) => refund.status === 'succeeded' && lowersTotal(refund));
  return unitsMinor + sum(given, amountMinor);
}

/**
 * Goodwill and refunded shipping: no returned or cancelled unit lowers the total for these, so the refund itself
 * does, once it has succeeded.
 */
export function lowersTotal({ of, reason }: Pick<Refund, 'of' | 'reason'>): boolean {
  return of.kind === 'shipping' || reason === 'goodwill';
}

/**
 * The value of each line, in the order of `lines`: its amount less its discounts plus exclusive tax. The units of
 * a line share this value (docs/adr/0007).
 */
export function lineValuesMinor(order: Pick<Order, 'lines' | 'discounts'>): readonly number[] {
  const discounts = lineDiscountsMinor(order.lines, order.discounts);
  return order.lines.map((line, index) => lineAmountMinor(line) - discounts[index]! + onTopMinor(line.tax));
}

/** The discount of each line, in the order of `lines`: its own, and its share of the order's by line amount. */
export function lineDiscountsMinor(
  lines: readonly OrderedLine[],
  discounts: readonly Discount[],
): readonly number[] {
  if (discounts.length === 0) return lines.map(() => 0);
  const ofLine = new Map<string | null, number>();
  for (const { lineId, amountMinor } of discounts) {
    ofLine.set(lineId, (ofLine.get(lineId) ?? 0) + amountMinor);
  }
  const amounts = lines.map(lineAmountMinor);
  // Between two events of one edit, the order's discount may stand on lines that cost nothing: it is shared by none.
  const isShared = amounts.some((amount) => amount > 0);
  const shares = isShared ? allocate(ofLine.get(null) ?? 0, amounts) : amounts.map(() => 0);
  return lines.map(({ lineId }, index) => (ofLine.get(lineId) ?? 0) + shares[index]!);
}

/** The value of the first `units` of a line. Returned units are valued from the front. */
export function firstUnitsValueMinor(lineValueMinor: number, quantity: number, units: number): number {
  // Largest remainder over equal weights: each of the first `rest` units is worth one minor unit more.
  const rest = lineValueMinor % quantity;
  return ((lineValueMinor - rest) / quantity) * units + Math.min(units, rest);
}

/** The value of the last `units` of a line. Cancelled units are valued from the back. */
export function lastUnitsValueMinor(lineValueMinor: number, quantity: number, units: number): number {
  return lineValueMinor - firstUnitsValueMinor(lineValueMinor, quantity, quantity - units);
}

/** The shipping amount plus its exclusive tax. */
export function shippingValueMinor(order: Order): number {
  return order.shipping === null ? 0 : order.shipping.amountMinor + onTopMinor(order.shipping.tax);
}

/** Cancelled units of a line: all of them where the whole order is called off. */
export function cancelledUnits(order: Order, line: Line): number {
  return isCalledOff(order) ? line.quantity : line.cancelled;
}

function onTopMinor(tax: Tax | null): number {
  return tax === null || tax.inclusive ? 0 : tax.amountMinor;
}

function amountMinor(of: { readonly amountMinor: number }): number {
  return of.amountMinor;
}

function sum<T>(of: readonly T[], minor: (one: T) => number): number {
  return of.reduce((total, one) => total + minor(one), 0);
}
