import type { Command, Event } from '../decider.js';

type Reason = { readonly reason: string | null };
type Nothing = Readonly<Record<string, never>>;

export type LifecycleEvent =
  | Event<'OrderConfirmed', Nothing>
  | Event<'OrderRejected', Reason>
  | Event<'OrderHeld', Reason>
  | Event<'OrderReleased', Nothing>
  | Event<'OrderCancelled', Reason>
  | Event<'OrderCompleted', Nothing>;

export type LifecycleCommand =
  | Command<'ConfirmOrder', Nothing>
  | Command<'RejectOrder', Reason>
  | Command<'HoldOrder', Reason>
  | Command<'ReleaseOrder', Nothing>
  | Command<'CancelOrder', Reason>
  | Command<'CompleteOrder', Nothing>;
