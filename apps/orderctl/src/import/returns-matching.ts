import { latest, type Instant } from '#domain/instant.js';
import type { PlannedLine, PlannedReturn, Reject } from './import-plan.js';
import type { Place } from './online-retail.rows.js';

/** An order with the units that can still come back. */
export interface ReturnableOrder {
  readonly invoice: string;
  readonly customerId: string | null;
  at: Instant;
  readonly lines: (PlannedLine & { unreturned: number })[];
  readonly returns: PlannedReturn[];
}

export interface Cancellation {
  readonly invoice: string;
  readonly customerId: string;
  at: Instant;
  /** Units given back, as positive numbers. */
  readonly lines: (Place & { readonly sku: string; readonly quantity: number })[];
}

/**
 * Takes a cancellation's units from the customer's earlier orders, the latest first, and adds one return to each
 * order it touches. A cancellation names no order; the latest one is the likeliest. Orders of a later time cannot be
 * meant, wherever they stand in the input.
 *
 * @param before the customer's orders that stand before the cancellation, in the order of the input
 * @returns the lines with a unit that no order had
 */
export function matchCancellation(cancellation: Cancellation, before: readonly ReturnableOrder[]): Reject[] {
  const candidates = latestFirst(before.filter(({ at }) => at <= cancellation.at));
  const taken = new Map<ReturnableOrder, Map<number, number>>();
  const unmatched: Reject[] = [];
  for (const line of cancellation.lines) {
    const left = takeUnits(line, candidates, taken);
    if (left === 0) continue;
    const reason = left < line.quantity ? 'partly_matched' : 'no_matching_order';
    unmatched.push({ file: line.file, line: line.line, reason });
  }
  for (const [order, units] of taken) order.returns.push(plannedReturn(cancellation, order, units));
  return unmatched;
}

function latestFirst(orders: readonly ReturnableOrder[]): ReturnableOrder[] {
  // The sort is stable: among orders of equal time, the later one in the input comes first.
  return orders.toReversed().sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
}

/** Takes a line's units from the orders. @returns how many units no order had left */
function takeUnits(
  line: Cancellation['lines'][number],
  candidates: readonly ReturnableOrder[],
  taken: Map<ReturnableOrder, Map<number, number>>,
): number {
  let wanted = line.quantity;
  for (const order of candidates) {
    for (const [index, orderLine] of order.lines.entries()) {
      if (wanted === 0) return 0;
      const quantity = orderLine.sku === line.sku ? Math.min(wanted, orderLine.unreturned) : 0;
      if (quantity === 0) continue;
      orderLine.unreturned -= quantity;
      wanted -= quantity;
      const units = taken.get(order) ?? new Map<number, number>();
      taken.set(order, units.set(index, (units.get(index) ?? 0) + quantity));
    }
  }
  return wanted;
}

function plannedReturn(
  { invoice, at }: Cancellation,
  order: ReturnableOrder,
  units: ReadonlyMap<number, number>,
): PlannedReturn {
  const lines = [...units]
    .map(([index, quantity]) => ({ index, quantity }))
    .sort((a, b) => a.index - b.index);
  const amountMinor = lines.reduce(
    (total, { index, quantity }) => total + quantity * order.lines[index]!.unitPriceMinor,
    0,
  );
  // Time within an order never goes back.
  return { invoice, at: latest(at, order.returns.at(-1)?.at ?? order.at), lines, amountMinor };
}
