import type { Command, Event } from '../decider.js';
import type { LineQuantity } from './content.js';
import type { ReturnId } from './ids.js';

export type ReturnEvent =
  | Event<
      'ReturnRequested',
      { readonly returnId: ReturnId; readonly lines: readonly LineQuantity[]; readonly reason: string | null }
    >
  | Event<'ReturnApproved', { readonly returnId: ReturnId }>
  | Event<'ReturnDeclined', { readonly returnId: ReturnId; readonly reason: string | null }>
  | Event<'ReturnItemsReceived', { readonly returnId: ReturnId; readonly lines: readonly LineQuantity[] }>
  | Event<'ReturnClosed', { readonly returnId: ReturnId }>;

export type ReturnCommand =
  | Command<'RequestReturn', { readonly lines: readonly LineQuantity[]; readonly reason: string | null }>
  | Command<'ApproveReturn', { readonly returnId: ReturnId }>
  | Command<'DeclineReturn', { readonly returnId: ReturnId; readonly reason: string | null }>
  /** No lines given (empty): all that is still to come. */
  | Command<'ReceiveReturn', { readonly returnId: ReturnId; readonly lines: readonly LineQuantity[] }>
  | Command<'CloseReturn', { readonly returnId: ReturnId }>;
