import type { Command, Event } from '../decider.js';
import { sameContent } from '../equality.js';
import type { DecideArea, EvolveArea } from './area.js';
import { checkReason, checkText } from './checks.js';
import type { LineQuantity } from './content.js';
import { LIMITS } from './limits.js';
import { atMost, checkQuantities, remaining } from './lines.js';
import { accept, type Refusal } from './rejections.js';
import type { Line, Order, Stock } from './state.js';
import { checkAllowed } from './transitions.js';

/** What the warehouse reported. `reference` is the warehouse's own name for the reservation. */
type Reserved = { readonly reference: string | null; readonly lines: readonly LineQuantity[] };
type Rejected = { readonly reason: string | null; readonly lines: readonly LineQuantity[] };
type Released = { readonly reason: string | null };

export type StockEvent =
  Event<'StockReserved', Reserved> | Event<'StockRejected', Rejected> | Event<'StockReleased', Released>;

/** Empty `lines`: all units that are not cancelled. */
export type StockCommand =
  | Command<'RecordStockReserved', Reserved>
  | Command<'RecordStockRejected', Rejected>
  | Command<'RecordStockReleased', Released>;

export const evolveStock: EvolveArea<StockEvent> = {
  StockReserved: (order, { data: { reference, lines } }) => ({
    ...order,
    stock: { reference, lines, status: 'reserved', reason: null },
  }),
  StockRejected: (order, { data: { reason, lines } }) => ({
    ...order,
    stock: { reason, lines, status: 'rejected', reference: null },
  }),
  StockReleased: (order, { data }) => ({ ...order, stock: { ...order.stock, ...data, status: 'released' } }),
};

/** The order keeps the warehouse's last report, but no decision depends on it. */
export const decideStock: DecideArea<StockCommand, StockEvent> = {
  RecordStockReserved: (order, { data }) => {
    const lines = linesOf(order, data.lines);
    if (holds(order, { ...data, lines, status: 'reserved' })) return accept();
    const wrong =
      checkAllowed(order, 'RecordStockReserved') ??
      checkText(data.reference, LIMITS.referenceCharacters, 'reference') ??
      checkLines(order, lines);
    return wrong ?? accept({ type: 'StockReserved', data: { ...data, lines } });
  },

  RecordStockRejected: (order, { data }) => {
    const lines = linesOf(order, data.lines);
    if (holds(order, { ...data, lines, status: 'rejected' })) return accept();
    const wrong =
      checkAllowed(order, 'RecordStockRejected') ?? checkReason(data.reason) ?? checkLines(order, lines);
    return wrong ?? accept({ type: 'StockRejected', data: { ...data, lines } });
  },

  /**
   * A no-op where nothing was ever reported, or all is released already. A rejection may have taken the place of an
   * earlier report that other units are reserved: the order keeps the last report alone.
   */
  RecordStockReleased: (order, { data }) => {
    if (order.stock.status === 'none' || order.stock.status === 'released') return accept();
    return checkReason(data.reason) ?? accept({ type: 'StockReleased', data });
  },
};

function linesOf(order: Order, lines: readonly LineQuantity[]): readonly LineQuantity[] {
  return lines.length === 0 ? remaining(order, notCancelled) : lines;
}

function checkLines(order: Order, lines: readonly LineQuantity[]): Refusal | null {
  return checkQuantities(order, lines, atMost(notCancelled, 'quantity_exceeds_ordered'));
}

function notCancelled(line: Line): number {
  return line.quantity - line.cancelled;
}

function holds(order: Order, told: Partial<Stock>): boolean {
  return sameContent({ ...order.stock, ...told }, order.stock);
}
