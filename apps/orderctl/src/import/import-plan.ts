import type { Instant } from '#domain/instant.js';
import type { Place } from './online-retail.rows.js';

const rejectReasons = [
  'quantity_not_positive',
  'price_not_positive',
  'price_precision',
  'no_customer',
  'other_customer',
  'no_matching_order',
  'partly_matched',
  'not_an_order',
] as const;
export type RejectReason = (typeof rejectReasons)[number];

export interface Reject extends Place {
  readonly reason: RejectReason;
}

export interface PlannedLine {
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly unitPriceMinor: number;
}

/** What one cancellation takes back from one order. */
export interface PlannedReturn {
  /** The cancellation's number: unique among the returns of an order. */
  readonly invoice: string;
  readonly at: Instant;
  /** `index` points into the order's lines. */
  readonly lines: readonly { readonly index: number; readonly quantity: number }[];
  readonly amountMinor: number;
}

export interface PlannedOrder {
  readonly invoice: string;
  readonly customerId: string | null;
  readonly countryName: string;
  readonly at: Instant;
  readonly lines: readonly PlannedLine[];
  readonly totalMinor: number;
  readonly returns: readonly PlannedReturn[];
}

/** Figures of the whole input, including orders that an earlier run imported. */
export interface ImportFigures {
  readonly ordersPlaced: number;
  readonly linesImported: number;
  readonly totalMinor: number;
  readonly guestOrders: number;
  readonly returnsClosed: number;
  readonly ordersWithReturns: number;
  readonly unitsReturned: number;
  readonly refundedMinor: number;
}

export interface ImportPlan {
  readonly orders: readonly PlannedOrder[];
  readonly rejects: readonly Reject[];
}

export function figuresOf(orders: readonly PlannedOrder[]): ImportFigures {
  const returns = orders.flatMap((order) => order.returns);
  return {
    ordersPlaced: orders.length,
    linesImported: sum(orders, (order) => order.lines.length),
    totalMinor: sum(orders, (order) => order.totalMinor),
    guestOrders: orders.filter((order) => order.customerId === null).length,
    returnsClosed: returns.length,
    ordersWithReturns: orders.filter((order) => order.returns.length > 0).length,
    unitsReturned: sum(returns, ({ lines }) => sum(lines, (line) => line.quantity)),
    refundedMinor: sum(returns, (one) => one.amountMinor),
  };
}

/** Number of rejected lines by reason; reasons that did not occur are left out. */
export function countRejects(rejects: readonly Reject[]): Partial<Record<RejectReason, number>> {
  const counts: Partial<Record<RejectReason, number>> = {};
  for (const reason of rejectReasons) {
    const lines = rejects.filter((reject) => reject.reason === reason).length;
    if (lines > 0) counts[reason] = lines;
  }
  return counts;
}

export function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
