import type { Command, Event } from '../decider.js';
import type { LineQuantity } from './content.js';

/** What the warehouse said. `reference` is its own name for the reservation. */
type Reserved = { readonly reference: string | null; readonly lines: readonly LineQuantity[] };
type Refused = { readonly reason: string | null; readonly lines: readonly LineQuantity[] };
type Released = { readonly reason: string | null };

export type StockEvent =
  Event<'StockReserved', Reserved> | Event<'StockRejected', Refused> | Event<'StockReleased', Released>;

/** No lines given (empty): all that is not cancelled. */
export type StockCommand =
  | Command<'RecordStockReserved', Reserved>
  | Command<'RecordStockRejected', Refused>
  | Command<'RecordStockReleased', Released>;
