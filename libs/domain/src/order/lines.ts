import type { LineQuantity, OrderedLine } from './content.js';
import type { LineId } from './ids.js';
import { LIMITS } from './limits.js';
import { reject, type Refusal } from './rejections.js';
import type { Line, Order } from './state.js';

/** Written out field by field: object spread takes ten times as long, and an import creates many lines. */
export function newLine({ lineId, sku, name, quantity, unitPriceMinor, tax }: OrderedLine): Line {
  return {
    lineId,
    sku,
    name,
    quantity,
    unitPriceMinor,
    tax,
    cancelled: 0,
    shipped: 0,
    dispatched: 0,
    delivered: 0,
    inReturns: 0,
    received: 0,
  };
}

export function lineAmountMinor(line: { quantity: number; unitPriceMinor: number }): number {
  return line.quantity * line.unitPriceMinor;
}

/** Units that may still be shipped or cancelled (invariant 1). */
export function unshipped(line: Line): number {
  return line.quantity - line.cancelled - line.shipped;
}

export function anythingDispatched(order: Order): boolean {
  return order.lines.some((line) => line.dispatched > 0);
}

/** `count` units of each line, without the lines that have none. */
export function remaining(order: Order, count: (line: Line) => number): LineQuantity[] {
  return order.lines
    .map((line) => ({ lineId: line.lineId, quantity: count(line) }))
    .filter(({ quantity }) => quantity > 0);
}

/** What events change of a line. */
type LineChange = Partial<Omit<Line, 'lineId' | 'sku' | 'name' | 'unitPriceMinor'>>;

/** The order's lines, with `change` applied to each named one. One pass over each list: both can hold 2,000. */
export function changedLines(
  order: Order,
  quantities: readonly LineQuantity[],
  change: (line: Line, quantity: number) => LineChange,
): readonly Line[] {
  const byLine = new Map(quantities.map(({ lineId, quantity }) => [lineId, quantity]));
  return order.lines.map((line) => {
    const quantity = byLine.get(line.lineId);
    return quantity === undefined ? line : changedLine(line, change(line, quantity));
  });
}

/** Written out as `newLine` is, so that all lines have one shape in memory. */
function changedLine(line: Line, change: LineChange): Line {
  return {
    lineId: line.lineId,
    sku: line.sku,
    name: line.name,
    quantity: change.quantity ?? line.quantity,
    unitPriceMinor: line.unitPriceMinor,
    tax: change.tax === undefined ? line.tax : change.tax,
    cancelled: change.cancelled ?? line.cancelled,
    shipped: change.shipped ?? line.shipped,
    dispatched: change.dispatched ?? line.dispatched,
    delivered: change.delivered ?? line.delivered,
    inReturns: change.inReturns ?? line.inReturns,
    received: change.received ?? line.received,
  };
}

/**
 * Checks that there are quantities, that each names a line of the order and no line is named twice, and that each
 * is a legal count of units. Then `check` says what the line itself allows.
 */
export function checkQuantities(
  order: Order,
  quantities: readonly LineQuantity[],
  check: (line: Line, quantity: number) => Refusal | null,
): Refusal | null {
  if (quantities.length === 0) return reject('no_lines');
  const lines = new Map<LineId, Line>(order.lines.map((line) => [line.lineId, line]));
  const seen = new Set<LineId>();
  for (const { lineId, quantity } of quantities) {
    const line = lines.get(lineId);
    if (!line) return reject('line_not_found', { lineId });
    if (seen.has(lineId)) return reject('duplicate_line', { lineId });
    seen.add(lineId);
    const wrong = checkQuantity(quantity, { lineId }) ?? check(line, quantity);
    if (wrong) return wrong;
  }
  return null;
}

export function checkQuantity(quantity: number, details: Record<string, string | number>): Refusal | null {
  if (Number.isSafeInteger(quantity) && quantity >= 1 && quantity <= LIMITS.quantity) return null;
  return reject('quantity_out_of_range', { ...details, limit: LIMITS.quantity });
}

/** A check for `checkQuantities`: at most `allowed` units of each line, else a rejection with `code`. */
export function atMost(
  allowed: (line: Line) => number,
  code: Parameters<typeof reject>[0],
): (line: Line, quantity: number) => Refusal | null {
  return (line, quantity) =>
    quantity > allowed(line) ? reject(code, { lineId: line.lineId, available: allowed(line) }) : null;
}
