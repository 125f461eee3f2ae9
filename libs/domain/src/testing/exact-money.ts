import type { Line, Order } from '../order/state.js';

/**
 * The rules of money once more, in exact integers and step by step. Shares no code with what it is compared with.
 */

/** `a × b / divisor` half-even: the nearest whole number; of two equally near ones, the even one. */
export function exactHalfEven(a: bigint, b: bigint, divisor: bigint): bigint {
  const below = (a * b) / divisor;
  const distances = [below, below + 1n].map((whole) => {
    const off = whole * divisor - a * b;
    return { whole, off: off < 0n ? -off : off };
  });
  const [low, high] = distances as [(typeof distances)[0], (typeof distances)[0]];
  if (low.off !== high.off) return low.off < high.off ? low.whole : high.whole;
  return low.whole % 2n === 0n ? low.whole : high.whole;
}

/** Gives one unit after the other to the part with the largest remainder; of equal ones, to the earliest. */
export function exactShares(total: bigint, weights: readonly bigint[]): bigint[] {
  const sum = weights.reduce((all, weight) => all + weight, 0n);
  if (total === 0n) return weights.map(() => 0n);
  const parts = weights.map((weight) => (total * weight) / sum);
  for (let left = total - parts.reduce((all, part) => all + part, 0n); left > 0n; left -= 1n) {
    const owed = parts.map((part, index) => total * weights[index]! - part * sum);
    const most = owed.reduce((best, each, index) => (each > owed[best]! ? index : best), 0);
    parts[most]! += 1n;
  }
  return parts;
}

/** The value of every unit of every line. */
export function exactUnitValues({ lines, discounts }: Pick<Order, 'lines' | 'discounts'>): bigint[][] {
  const amounts = lines.map(({ quantity, unitPriceMinor }) => BigInt(quantity) * BigInt(unitPriceMinor));
  const ofOrder = discounts.filter(({ lineId }) => lineId === null);
  const shares = exactShares(sumMinor(ofOrder), amounts);
  return lines.map((line, index) => {
    const own = discounts.filter(({ lineId }) => lineId === line.lineId);
    const value = amounts[index]! - sumMinor(own) - shares[index]! + onTop(line.tax);
    return exactShares(
      value,
      Array.from({ length: line.quantity }, () => 1n),
    );
  });
}

/** The totals' formula, unit by unit. */
export function reckoned(order: Order): { orderedTotalMinor: number; totalMinor: number } {
  const units = exactUnitValues(order);
  const shipping = order.shipping ? BigInt(order.shipping.amountMinor) + onTop(order.shipping.tax) : 0n;
  const ordered = sumOf(units.flat()) + sumMinor(order.surcharges) + shipping;
  const givenUp = order.lines.map((line, index) => {
    const received = units[index]!.slice(0, line.received);
    const cancelled = units[index]!.slice(line.quantity - line.cancelled);
    return sumOf(received) + sumOf(cancelled);
  });
  const granted = order.refunds.filter(
    ({ status, reason, of }) => status === 'succeeded' && (reason === 'goodwill' || of.kind === 'shipping'),
  );
  const nothingLeft = order.lines.every(({ dispatched }) => dispatched === 0);
  const nothing = order.status === 'rejected' || (order.status === 'cancelled' && nothingLeft);
  const left = ordered - sumOf(givenUp) - sumMinor(granted);
  return { orderedTotalMinor: Number(ordered), totalMinor: nothing || left < 0n ? 0 : Number(left) };
}

const onTop = (tax: Line['tax']): bigint => (tax && !tax.inclusive ? BigInt(tax.amountMinor) : 0n);
const sumOf = (amounts: readonly bigint[]): bigint => amounts.reduce((all, each) => all + each, 0n);
const sumMinor = (of: readonly { readonly amountMinor: number }[]): bigint =>
  sumOf(of.map(({ amountMinor }) => BigInt(amountMinor)));
