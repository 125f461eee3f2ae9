import type { Instant } from '#domain/instant.js';
import type { Order, OrderStatus } from '#domain/order/state.js';
import {
  fulfilmentStatus,
  paymentStatus,
  returnStatus,
  type FulfilmentStatus,
  type PaymentStatus,
  type ReturnStatus,
} from '#domain/order/statuses.js';
import { orderTotals } from '#domain/order/totals.js';

/** The filter and money columns of an order: a list item, live or as of a moment. */
export interface OrderSummary {
  readonly tenantId: string;
  readonly orderId: string;
  readonly revision: number;
  readonly number: string;
  readonly reference: string | null;
  readonly customerId: string | null;
  readonly status: OrderStatus;
  readonly onHold: boolean;
  readonly paymentStatus: PaymentStatus;
  readonly fulfilmentStatus: FulfilmentStatus;
  readonly returnStatus: ReturnStatus;
  readonly currency: string;
  /** Of the shipping address: ISO 3166-1 alpha-2. */
  readonly country: string | null;
  readonly placedAt: Instant;
  /** When its last event occurred. */
  readonly updatedAt: Instant;
  readonly tags: readonly string[];
  readonly lineCount: number;
  /** Units ordered, whatever became of them. */
  readonly unitCount: number;
  readonly orderedTotalMinor: number;
  readonly totalMinor: number;
  readonly capturedMinor: number;
  readonly refundedMinor: number;
  readonly balanceDueMinor: number;
  readonly returnsClosed: number;
  /** Units received back. */
  readonly unitsReturned: number;
}

export type ColumnType = 'text' | 'uuid' | 'int4' | 'int8' | 'bool' | 'timestamptz' | 'text[]' | 'json';

export interface SummaryColumn {
  readonly field: keyof OrderSummary;
  readonly column: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
}

const column = (
  field: keyof OrderSummary,
  name: string,
  type: ColumnType,
  nullable = false,
): SummaryColumn => ({ field, column: name, type, nullable });

/** The one list that the tables, their writer, their readers and verify go by, in this order. */
export const summaryColumns: readonly SummaryColumn[] = [
  column('tenantId', 'tenant_id', 'text'),
  column('orderId', 'order_id', 'uuid'),
  column('revision', 'revision', 'int4'),
  column('number', 'number', 'text'),
  column('reference', 'reference', 'text', true),
  column('customerId', 'customer_id', 'text', true),
  column('status', 'status', 'text'),
  column('onHold', 'on_hold', 'bool'),
  column('paymentStatus', 'payment_status', 'text'),
  column('fulfilmentStatus', 'fulfilment_status', 'text'),
  column('returnStatus', 'return_status', 'text'),
  column('currency', 'currency', 'text'),
  column('country', 'country', 'text', true),
  column('placedAt', 'placed_at', 'timestamptz'),
  column('updatedAt', 'updated_at', 'timestamptz'),
  column('tags', 'tags', 'text[]'),
  column('lineCount', 'line_count', 'int4'),
  column('unitCount', 'unit_count', 'int4'),
  column('orderedTotalMinor', 'ordered_total_minor', 'int8'),
  column('totalMinor', 'total_minor', 'int8'),
  column('capturedMinor', 'captured_minor', 'int8'),
  column('refundedMinor', 'refunded_minor', 'int8'),
  column('balanceDueMinor', 'balance_due_minor', 'int8'),
  column('returnsClosed', 'returns_closed', 'int4'),
  column('unitsReturned', 'units_returned', 'int4'),
];

/** `revision` and `updatedAt` are those of the order's last event. */
export function summaryOf(order: Order): OrderSummary {
  const { orderedTotalMinor, totalMinor, capturedMinor, refundedMinor, balanceDueMinor } = orderTotals(order);
  return {
    tenantId: order.tenantId,
    orderId: order.orderId,
    revision: order.revision,
    number: order.number,
    reference: order.reference,
    customerId: order.customerId,
    status: order.status,
    onHold: order.onHold,
    paymentStatus: paymentStatus(order),
    fulfilmentStatus: fulfilmentStatus(order),
    returnStatus: returnStatus(order),
    currency: order.currency,
    country: order.shippingAddress?.country ?? null,
    placedAt: order.placedAt,
    updatedAt: order.lastOccurredAt,
    tags: order.tags,
    lineCount: order.lines.length,
    unitCount: sumOf(order.lines, (line) => line.quantity),
    orderedTotalMinor,
    totalMinor,
    capturedMinor,
    refundedMinor,
    balanceDueMinor,
    returnsClosed: order.returns.filter(({ status }) => status === 'closed').length,
    unitsReturned: sumOf(order.lines, (line) => line.received),
  };
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  let sum = 0;
  for (const item of items) sum += value(item);
  return sum;
}
