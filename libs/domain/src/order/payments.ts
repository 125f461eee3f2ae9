import type { Command, Event } from '../decider.js';
import type { PaymentId } from './ids.js';

/** What the payment provider did; `providerReference` is its own id for it, unique per order and kind. */
type Money = { readonly amountMinor: number; readonly currency: string };

type Authorized = Money & { readonly providerReference: string; readonly method: string | null };
type Captured = Money & {
  readonly providerReference: string;
  readonly method: string | null;
  /** null: captured at once, without an authorization before it. */
  readonly authorizationId: PaymentId | null;
};
type Failed = Money & {
  readonly providerReference: string | null;
  readonly authorizationId: PaymentId | null;
  readonly reason: string | null;
};
type Voided = { readonly authorizationId: PaymentId; readonly providerReference: string };

export type PaymentEvent =
  | Event<'PaymentAuthorized', Authorized & { readonly paymentId: PaymentId }>
  | Event<'PaymentCaptured', Captured & { readonly paymentId: PaymentId }>
  | Event<'PaymentFailed', Failed & { readonly paymentId: PaymentId }>
  | Event<'PaymentVoided', Voided & { readonly paymentId: PaymentId }>;

export type PaymentCommand =
  | Command<'RecordPaymentAuthorized', Authorized>
  | Command<'RecordPaymentCaptured', Captured>
  | Command<'RecordPaymentFailed', Failed>
  | Command<'RecordPaymentVoided', Voided>;
