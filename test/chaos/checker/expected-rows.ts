import type { OrderCommandType } from '#domain/order/order.js';
import type { Order } from '#domain/order/state.js';
import { allowedCommands } from '#domain/order/transitions.js';
import { fulfilmentStatus, paymentStatus, returnStatus } from '#domain/order/statuses.js';
import { orderTotals } from '#domain/order/totals.js';
import { textOf } from './equal.js';
import type { ColumnValues } from './facts.js';

/**
 * The order as rows and answers have to show it. It is defined here again, because the definition of the read
 * models may itself be wrong.
 */
export function expectedDocument(order: Order): ColumnValues {
  const { personal: _personal, handled: _handled, ...state } = order;
  return {
    ...state,
    totals: orderTotals(order),
    paymentStatus: paymentStatus(order),
    fulfilmentStatus: fulfilmentStatus(order),
    returnStatus: returnStatus(order),
    allowedCommands: allowedCommands(order),
  };
}

/** The order as an answer shows it. Its own customer is shown neither the notes nor what only staff may do. */
export function expectedView(order: Order, { forCustomer }: { forCustomer: boolean }): ColumnValues {
  const view = { ...expectedDocument(order), personal: order.personal };
  if (!forCustomer) return view;
  return {
    ...view,
    notes: [],
    personal: { ...(order.personal as object), notes: {} },
    allowedCommands: allowedCommands(order).filter((type) => mayCustomer(type, order)),
  };
}

/** What a carrier or a payment provider calls something, where the event tells it: orders are looked up by it. */
export function expectedToldName(data: object): string | null {
  const told = data as {
    readonly trackingNumber?: string | null;
    readonly providerReference?: string | null;
  };
  return told.trackingNumber ?? told.providerReference ?? null;
}

/** Whether customers may give a command to their own orders. */
export function mayCustomer(type: OrderCommandType, { status }: Pick<Order, 'status'>): boolean {
  return type === 'RequestReturn' || (type === 'CancelOrder' && status === 'placed');
}

/** By the field names of answers. */
export function expectedSummary(order: Order): ColumnValues {
  const totals = orderTotals(order);
  const { lines } = order;
  return {
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
    lineCount: lines.length,
    unitCount: lines.reduce((sum, line) => sum + line.quantity, 0),
    orderedTotalMinor: totals.orderedTotalMinor,
    totalMinor: totals.totalMinor,
    capturedMinor: totals.capturedMinor,
    refundedMinor: totals.refundedMinor,
    balanceDueMinor: totals.balanceDueMinor,
    returnsClosed: order.returns.filter(({ status }) => status === 'closed').length,
    unitsReturned: lines.reduce((sum, line) => sum + line.received, 0),
  };
}

/** These fields change with every event, or never, and are not told as changes. */
const NO_CHANGE: ReadonlySet<string> = new Set(['orderId', 'revision', 'updatedAt']);

/** How an event changed the summary. @param before null: there was no order yet */
export function expectedChanges(before: Order | null, after: Order): ColumnValues {
  const earlier = before && expectedSummary(before);
  const changes = Object.entries(expectedSummary(after))
    .filter(([name]) => !NO_CHANGE.has(name))
    .map(([name, to]) => [name, { from: earlier?.[name] ?? null, to }] as const)
    .filter(([, { from, to }]) => textOf(from) !== textOf(to));
  return Object.fromEntries(changes);
}

/** The columns that `orders` and `order_history` share. */
export function expectedColumns(order: Order): ColumnValues {
  const named = Object.entries(expectedSummary(order)).map(
    ([name, value]) => [columnName(name), value] as const,
  );
  return { tenant_id: order.tenantId, ...(Object.fromEntries(named) as ColumnValues) };
}

/** node-postgres returns int8 as text, so these columns are compared as text. */
export const MONEY_COLUMNS: ReadonlySet<string> = new Set([
  'ordered_total_minor',
  'total_minor',
  'captured_minor',
  'refunded_minor',
  'balance_due_minor',
  'position',
]);

function columnName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
