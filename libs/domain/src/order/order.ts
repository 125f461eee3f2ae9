import type { Recorded } from '../decider.js';
import type { CancellationCommand, CancellationEvent } from './cancellations.js';
import type { EditCommand, EditEvent } from './edits.js';
import type { LifecycleCommand, LifecycleEvent } from './lifecycle.js';
import type { NoteCommand, NoteEvent } from './notes.js';
import type { PaymentCommand, PaymentEvent } from './payments.js';
import type { PlacingCommand, PlacingEvent } from './placing.js';
import type { RefundCommand, RefundEvent } from './refunds.js';
import type { ReturnCommand, ReturnEvent } from './returns.js';
import type { ShipmentCommand, ShipmentEvent } from './shipments.js';
import type { StockCommand, StockEvent } from './stock.js';

export type OrderEvent =
  | PlacingEvent
  | LifecycleEvent
  | EditEvent
  | StockEvent
  | PaymentEvent
  | RefundEvent
  | ShipmentEvent
  | CancellationEvent
  | ReturnEvent
  | NoteEvent;

export type OrderCommand =
  | PlacingCommand
  | LifecycleCommand
  | EditCommand
  | StockCommand
  | PaymentCommand
  | RefundCommand
  | ShipmentCommand
  | CancellationCommand
  | ReturnCommand
  | NoteCommand;

export type OrderEventType = OrderEvent['type'];
export type OrderCommandType = OrderCommand['type'];
export type RecordedOrderEvent = Recorded<OrderEvent>;
