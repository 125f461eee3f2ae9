import type { Erased } from '../decider.js';
import type { Instant } from '../instant.js';
import type {
  AddressCountry,
  AddressLines,
  Contact,
  Discount,
  LineQuantity,
  OrderedLine,
  RefundOf,
  RefundReason,
  Shipping,
  Surcharge,
} from './content.js';
import type { CancellationId, NoteId, OrderId, PaymentId, RefundId, ReturnId, ShipmentId } from './ids.js';

export const orderStatuses = ['placed', 'confirmed', 'completed', 'rejected', 'cancelled'] as const;
export type OrderStatus = (typeof orderStatuses)[number];

/** A line and what became of its units. Units of a cancelled or lost shipment are not counted. */
export interface Line extends OrderedLine {
  readonly cancelled: number;
  /** Units in shipments that are neither cancelled nor lost, dispatched or not. */
  readonly shipped: number;
  readonly dispatched: number;
  readonly delivered: number;
  /** Units in returns, without those of declined returns and those not received when a return was closed. */
  readonly inReturns: number;
  readonly received: number;
}

export interface Authorization {
  readonly paymentId: PaymentId;
  readonly amountMinor: number;
  readonly capturedMinor: number;
  readonly method: string | null;
  readonly providerReference: string;
  readonly voided: boolean;
  readonly at: Instant;
}

export interface Capture {
  readonly paymentId: PaymentId;
  readonly authorizationId: PaymentId | null;
  readonly amountMinor: number;
  /** The part that the provider took back. */
  readonly reversedMinor: number;
  readonly method: string | null;
  readonly providerReference: string;
  readonly at: Instant;
}

export interface FailedPayment {
  readonly paymentId: PaymentId;
  readonly authorizationId: PaymentId | null;
  readonly amountMinor: number;
  readonly providerReference: string | null;
  readonly reason: string | null;
  readonly at: Instant;
}

export interface VoidedPayment {
  readonly paymentId: PaymentId;
  readonly authorizationId: PaymentId;
  readonly providerReference: string;
  readonly at: Instant;
}

/** A capture that the provider took back, in whole or in part: a chargeback, or a returned direct debit. */
export interface Reversal {
  readonly paymentId: PaymentId;
  readonly captureId: PaymentId;
  readonly amountMinor: number;
  readonly providerReference: string;
  readonly reason: string | null;
  readonly at: Instant;
}

export interface Payments {
  readonly authorizations: readonly Authorization[];
  readonly captures: readonly Capture[];
  readonly failures: readonly FailedPayment[];
  readonly voids: readonly VoidedPayment[];
  readonly reversals: readonly Reversal[];
  /** The last payment event; `captured` while any captured money is left. */
  readonly last: 'authorized' | 'voided' | 'failed' | 'captured' | 'reversed' | null;
}

export interface Refund {
  readonly refundId: RefundId;
  readonly reason: RefundReason;
  readonly returnId: ReturnId | null;
  readonly of: RefundOf;
  readonly amountMinor: number;
  readonly status: 'pending' | 'succeeded' | 'failed';
  readonly providerReference: string | null;
  readonly failureReason: string | null;
  readonly requestedAt: Instant;
}

export interface Shipment {
  readonly shipmentId: ShipmentId;
  readonly status: 'created' | 'dispatched' | 'delivered' | 'cancelled' | 'lost';
  readonly carrier: string | null;
  readonly trackingNumber: string | null;
  readonly lines: readonly LineQuantity[];
  readonly createdAt: Instant;
  readonly dispatchedAt: Instant | null;
  readonly deliveredAt: Instant | null;
}

export interface Cancellation {
  readonly cancellationId: CancellationId;
  readonly lines: readonly LineQuantity[];
  readonly reason: string | null;
  readonly at: Instant;
}

export interface Return {
  readonly returnId: ReturnId;
  readonly status: 'requested' | 'approved' | 'declined' | 'received' | 'closed';
  readonly lines: readonly (LineQuantity & { readonly received: number })[];
  readonly reason: string | null;
  readonly requestedAt: Instant;
}

export interface Note {
  readonly noteId: NoteId;
  readonly redacted: boolean;
  readonly at: Instant;
}

export interface Stock {
  readonly status: 'none' | 'reserved' | 'rejected' | 'released';
  readonly reference: string | null;
  readonly reason: string | null;
  readonly lines: readonly LineQuantity[];
}

/** Everything in the state that names a person. */
export interface OrderPersonal {
  readonly contact: Contact | null;
  readonly shippingAddress: AddressLines | null;
  readonly billingAddress: AddressLines | null;
  /** Text by note id; a redacted note has none. */
  readonly notes: Readonly<Record<NoteId, string>>;
}

/** A command that this order has handled, remembered so that a repeated request is a replay. */
export interface HandledCommand {
  readonly commandId: string;
  readonly fingerprint: string;
  /** Of the command's last event. */
  readonly revision: number;
  /** Of the command's first event. */
  readonly firstRevision: number;
  readonly recordedAt: Instant;
  /** Never forgotten: nothing else in the order would tell a repetition of this command from a new one. */
  readonly kept?: boolean;
}

/** Everything that decisions and views about one order need; a fold of its events and of nothing else. */
export interface Order {
  readonly orderId: OrderId;
  readonly tenantId: string;
  readonly number: string;
  readonly reference: string | null;
  readonly customerId: string | null;
  readonly currency: string;
  readonly status: OrderStatus;
  readonly statusReason: string | null;
  readonly onHold: boolean;
  readonly holdReason: string | null;
  readonly placedAt: Instant;
  readonly lines: readonly Line[];
  readonly discounts: readonly Discount[];
  readonly surcharges: readonly Surcharge[];
  readonly shipping: Shipping | null;
  readonly shippingAddress: AddressCountry | null;
  readonly billingAddress: AddressCountry | null;
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly stock: Stock;
  readonly payments: Payments;
  readonly refunds: readonly Refund[];
  readonly shipments: readonly Shipment[];
  readonly cancellations: readonly Cancellation[];
  readonly returns: readonly Return[];
  readonly notes: readonly Note[];
  readonly personal: OrderPersonal | Erased;
  /** Ids of lines and discounts that were removed: never used again. */
  readonly retiredIds: readonly string[];
  readonly handled: readonly HandledCommand[];
  /** Of the last event. */
  readonly revision: number;
  readonly lastOccurredAt: Instant;
  readonly lastRecordedAt: Instant;
}

/** Before its first event an order is null. */
export type OrderState = Order | null;
