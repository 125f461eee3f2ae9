import type { Erased } from '#domain/decider.js';
import type { Order, OrderPersonal } from '#domain/order/state.js';
import {
  fulfilmentStatus,
  paymentStatus,
  returnStatus,
  type FulfilmentStatus,
  type PaymentStatus,
  type ReturnStatus,
} from '#domain/order/statuses.js';
import { orderTotals, type OrderTotals } from '#domain/order/totals.js';
import type { OrderCommandType } from '#domain/order/order.js';
import { allowedCommands } from '#domain/order/transitions.js';

/** What an order derives from its state, for people and clients to read. */
interface Derived {
  readonly totals: OrderTotals;
  readonly paymentStatus: PaymentStatus;
  readonly fulfilmentStatus: FulfilmentStatus;
  readonly returnStatus: ReturnStatus;
  readonly allowedCommands: readonly OrderCommandType[];
}

/**
 * The order as the read models keep it and the API shows it: its whole state but the personal part,
 * which stands beside it, and the commands it has handled, which no reader needs; plus what derives from it.
 */
export type OrderDocument = Omit<Order, 'personal' | 'handled'> & Derived;

export function documentOf(order: Order): OrderDocument {
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

/** The order to fold on from; it remembers no handled command, so it is for reading sides alone. */
export function orderOf(document: OrderDocument, personal: OrderPersonal | Erased): Order {
  const {
    totals: _totals,
    paymentStatus: _paymentStatus,
    fulfilmentStatus: _fulfilmentStatus,
    returnStatus: _returnStatus,
    allowedCommands: _allowedCommands,
    ...state
  } = document;
  return { ...state, personal, handled: [] };
}
