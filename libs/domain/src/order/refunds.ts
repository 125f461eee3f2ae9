import type { Command, Event } from '../decider.js';
import type { LineQuantity } from './content.js';
import type { LineId, RefundId, ReturnId } from './ids.js';

export const refundReasons = ['return', 'cancellation', 'overpayment', 'goodwill'] as const;
export type RefundReason = (typeof refundReasons)[number];

/** What is asked for: units of lines at their value, shipping (null: what is left of it), or an amount. */
export type RefundRequest =
  | { readonly kind: 'lines'; readonly lines: readonly LineQuantity[] }
  | { readonly kind: 'shipping'; readonly amountMinor: number | null }
  | { readonly kind: 'amount'; readonly amountMinor: number };

/** The same, as granted: every part has its amount. */
export type RefundOf =
  | {
      readonly kind: 'lines';
      readonly lines: readonly {
        readonly lineId: LineId;
        readonly quantity: number;
        readonly amountMinor: number;
      }[];
    }
  | { readonly kind: 'shipping' }
  | { readonly kind: 'amount' };

export type RefundEvent =
  | Event<
      'RefundRequested',
      {
        readonly refundId: RefundId;
        readonly reason: RefundReason;
        readonly returnId: ReturnId | null;
        readonly of: RefundOf;
        readonly amountMinor: number;
        readonly currency: string;
      }
    >
  | Event<'RefundSucceeded', { readonly refundId: RefundId; readonly providerReference: string }>
  | Event<
      'RefundFailed',
      {
        readonly refundId: RefundId;
        readonly providerReference: string | null;
        readonly reason: string | null;
      }
    >;

export type RefundCommand =
  | Command<
      'RequestRefund',
      {
        readonly reason: RefundReason;
        readonly returnId: ReturnId | null;
        readonly of: RefundRequest;
        readonly currency: string;
      }
    >
  | Command<'RecordRefundSucceeded', { readonly refundId: RefundId; readonly providerReference: string }>
  | Command<
      'RecordRefundFailed',
      {
        readonly refundId: RefundId;
        readonly providerReference: string | null;
        readonly reason: string | null;
      }
    >;
