import type { Command, Decision, Event } from '../decider.js';
import { sameContent } from '../equality.js';
import type { DecideArea, EvolveArea } from './area.js';
import { checkAmount, checkCount, checkCurrency, checkReason, checkText } from './checks.js';
import { freshId } from './identity.js';
import type { PaymentId } from './ids.js';
import { LIMITS } from './limits.js';
import { accept, isRefusal, reject, type RejectionCode, type Refusal } from './rejections.js';
import type {
  Authorization,
  Capture,
  FailedPayment,
  Order,
  Payments,
  Reversal,
  VoidedPayment,
} from './state.js';
import { everCapturedMinor, heldMinor } from './totals.js';

type Money = { readonly amountMinor: number; readonly currency: string };

/**
 * What the payment provider did: these five. `providerReference` is the provider's own id for it, unique per order
 * and kind, but for failures.
 */
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
type Reversed = Money & {
  readonly captureId: PaymentId;
  readonly providerReference: string;
  readonly reason: string | null;
};

export type PaymentEvent =
  | Event<'PaymentAuthorized', Authorized & { readonly paymentId: PaymentId }>
  | Event<'PaymentCaptured', Captured & { readonly paymentId: PaymentId }>
  | Event<'PaymentFailed', Failed & { readonly paymentId: PaymentId }>
  | Event<'PaymentVoided', Voided & { readonly paymentId: PaymentId }>
  | Event<'PaymentReversed', Reversed & { readonly paymentId: PaymentId }>;

export type PaymentCommand =
  | Command<'RecordPaymentAuthorized', Authorized>
  | Command<'RecordPaymentCaptured', Captured>
  | Command<'RecordPaymentFailed', Failed>
  | Command<'RecordPaymentVoided', Voided>
  | Command<'RecordPaymentReversed', Reversed>;

export const evolvePayments: EvolveArea<PaymentEvent> = {
  PaymentAuthorized: (order, { data, occurredAt }) => {
    const authorization: Authorization = {
      amountMinor: data.amountMinor,
      providerReference: data.providerReference,
      method: data.method,
      paymentId: data.paymentId,
      capturedMinor: 0,
      voided: false,
      at: occurredAt,
    };
    const authorizations = [...order.payments.authorizations, authorization];
    return withPayments(order, { authorizations }, 'authorized');
  },

  PaymentCaptured: (order, { data, occurredAt }) => {
    const capture: Capture = {
      amountMinor: data.amountMinor,
      providerReference: data.providerReference,
      method: data.method,
      authorizationId: data.authorizationId,
      paymentId: data.paymentId,
      reversedMinor: 0,
      at: occurredAt,
    };
    const captures = [...order.payments.captures, capture];
    const authorizations = changeAuthorization(order, data.authorizationId, ({ capturedMinor }) => ({
      capturedMinor: capturedMinor + data.amountMinor,
    }));
    return withPayments(order, { captures, authorizations }, 'captured');
  },

  PaymentFailed: (order, { data, occurredAt }) => {
    const failure: FailedPayment = {
      amountMinor: data.amountMinor,
      providerReference: data.providerReference,
      authorizationId: data.authorizationId,
      reason: data.reason,
      paymentId: data.paymentId,
      at: occurredAt,
    };
    const failures = [...order.payments.failures, failure];
    return withPayments(order, { failures }, 'failed');
  },

  PaymentVoided: (order, { data, occurredAt }) => {
    const { authorizationId, providerReference, paymentId } = data;
    const voided: VoidedPayment = { authorizationId, providerReference, paymentId, at: occurredAt };
    const voids = [...order.payments.voids, voided];
    const authorizations = changeAuthorization(order, authorizationId, () => ({ voided: true }));
    return withPayments(order, { voids, authorizations }, 'voided');
  },

  PaymentReversed: (order, { data, occurredAt }) => {
    const reversal: Reversal = {
      amountMinor: data.amountMinor,
      providerReference: data.providerReference,
      captureId: data.captureId,
      reason: data.reason,
      paymentId: data.paymentId,
      at: occurredAt,
    };
    const reversals = [...order.payments.reversals, reversal];
    const captures = order.payments.captures.map((capture) =>
      capture.paymentId === data.captureId
        ? { ...capture, reversedMinor: capture.reversedMinor + data.amountMinor }
        : capture,
    );
    return withPayments(order, { reversals, captures }, 'reversed');
  },
};

/** The provider has acted already, so its action is recorded in any status, as long as the order has room. */
export const decidePayments: DecideArea<PaymentCommand, PaymentEvent> = {
  RecordPaymentAuthorized: (order, { data }, context) => {
    const wrong = checkPayment(order, data);
    if (wrong) return wrong;
    const known = decideIfKnown(order.payments.authorizations, data, ['amountMinor', 'method']);
    if (known) return known;
    const paymentId = freshId(order, context);
    if (isRefusal(paymentId)) return paymentId;
    const tooMany = checkRoom(order, 'authorizations');
    return tooMany ?? accept({ type: 'PaymentAuthorized', data: { paymentId, ...data } });
  },

  RecordPaymentCaptured: (order, { data }, context) => {
    const wrong = checkPayment(order, data);
    if (wrong) return wrong;
    const known = decideIfKnown(order.payments.captures, data, ['amountMinor', 'method', 'authorizationId']);
    if (known) return known;
    const paymentId = freshId(order, context);
    if (isRefusal(paymentId)) return paymentId;
    const refused = checkCapture(order, data) ?? checkRoom(order, 'captures');
    if (refused) return refused;
    return accept({ type: 'PaymentCaptured', data: { paymentId, ...data } });
  },

  RecordPaymentFailed: (order, { data }, context) => {
    const { currency, ...content } = data;
    const mismatch = checkCurrency(order, currency);
    if (mismatch) return mismatch;
    if (isKnownFailure(order, content, context.newId(0))) return accept();
    const paymentId = freshId(order, context);
    if (isRefusal(paymentId)) return paymentId;
    const wrong = checkPayment(order, data) ?? checkReason(data.reason);
    if (wrong) return wrong;
    if (data.authorizationId !== null) {
      const authorization = findAuthorization(order, data.authorizationId);
      if (isRefusal(authorization)) return authorization;
    }
    const tooMany = checkRoom(order, 'failures');
    return tooMany ?? accept({ type: 'PaymentFailed', data: { paymentId, ...data } });
  },

  /** Voiding an authorization that was captured in part releases the rest. */
  RecordPaymentVoided: (order, { data }, context) => {
    const wrong = checkText(data.providerReference, LIMITS.referenceCharacters, 'providerReference');
    if (wrong) return wrong;
    const known = decideIfKnown(order.payments.voids, data, ['authorizationId']);
    if (known) return known;
    const paymentId = freshId(order, context);
    if (isRefusal(paymentId)) return paymentId;
    const authorization = findOpenAuthorization(order, data.authorizationId);
    if (isRefusal(authorization)) return authorization;
    return accept({ type: 'PaymentVoided', data: { paymentId, ...data } });
  },

  /**
   * A part of the capture may have been refunded already: that does not keep the provider from taking back all of it.
   * Told again, a dispute may have another reason: the first one stays.
   */
  RecordPaymentReversed: (order, { data }, context) => {
    const wrong = checkPayment(order, data) ?? checkReason(data.reason);
    if (wrong) return wrong;
    const known = decideIfKnown(order.payments.reversals, data, ['captureId', 'amountMinor']);
    if (known) return known;
    const paymentId = freshId(order, context);
    if (isRefusal(paymentId)) return paymentId;
    const refused = checkReversal(order, data) ?? checkRoom(order, 'reversals');
    return refused ?? accept({ type: 'PaymentReversed', data: { paymentId, ...data } });
  },
};

function checkPayment(order: Order, data: Authorized | Failed | Reversed): Refusal | null {
  return (
    checkCurrency(order, data.currency) ??
    checkAmount(data.amountMinor, 'amountMinor', 1) ??
    checkText(data.providerReference, LIMITS.referenceCharacters, 'providerReference') ??
    checkText('method' in data ? data.method : null, LIMITS.nameCharacters, 'method')
  );
}

/**
 * Whether this failure was recorded before, with the same content. Without a provider reference, the payment id
 * has to be the same too. A failure of another attempt may have the same reference, but its content differs.
 */
function isKnownFailure({ payments }: Order, content: Omit<Failed, 'currency'>, newId: string): boolean {
  return payments.failures.some(
    (failure) =>
      (content.providerReference !== null || failure.paymentId === newId) &&
      sameContent({ ...failure, ...content }, failure),
  );
}

type PaymentKind = Exclude<keyof Payments, 'last'>;

/** Voids need no limit of their own: each authorization is voided at most once. */
function checkRoom({ payments }: Order, kind: Exclude<PaymentKind, 'voids'>): Refusal | null {
  return checkCount(payments[kind].length + 1, LIMITS.payments, kind);
}

/**
 * A provider reference is unique per order and kind (invariant 4).
 * @returns null for a new reference, acceptance without events for a known one with the same content, a rejection
 * for a known one with other content
 */
function decideIfKnown<T extends { readonly providerReference: string }, K extends keyof T>(
  recorded: readonly T[],
  data: Pick<T, K | 'providerReference'>,
  content: readonly K[],
): Decision<never, RejectionCode> | null {
  const { providerReference } = data;
  const known = recorded.find((each) => each.providerReference === providerReference);
  if (!known) return null;
  if (content.every((key) => known[key] === data[key])) return accept();
  return reject('provider_reference_reused', { providerReference });
}

/**
 * A capture may exceed the order's total, since the provider took the money. It may not exceed its authorization.
 */
function checkCapture(order: Order, { authorizationId, amountMinor }: Captured): Refusal | null {
  if (everCapturedMinor(order) + amountMinor > LIMITS.amountMinor) {
    return reject('total_out_of_range', { limit: LIMITS.amountMinor });
  }
  if (authorizationId === null) return null;
  const authorization = findOpenAuthorization(order, authorizationId);
  if (isRefusal(authorization)) return authorization;
  const leftMinor = authorization.amountMinor - authorization.capturedMinor;
  return amountMinor > leftMinor
    ? reject('capture_exceeds_authorization', { availableMinor: leftMinor })
    : null;
}

function checkReversal(order: Order, { captureId, amountMinor }: Reversed): Refusal | null {
  const capture = order.payments.captures.find(({ paymentId }) => paymentId === captureId);
  if (!capture) return reject('payment_not_found', { paymentId: captureId });
  const leftMinor = heldMinor(capture);
  return amountMinor > leftMinor ? reject('reversal_exceeds_capture', { availableMinor: leftMinor }) : null;
}

function findAuthorization(order: Order, authorizationId: PaymentId): Authorization | Refusal {
  const found = order.payments.authorizations.find(({ paymentId }) => paymentId === authorizationId);
  return found ?? reject('payment_not_found', { paymentId: authorizationId });
}

function findOpenAuthorization(order: Order, authorizationId: PaymentId): Authorization | Refusal {
  const found = findAuthorization(order, authorizationId);
  if (isRefusal(found)) return found;
  return found.voided ? reject('authorization_closed', { paymentId: authorizationId }) : found;
}

function changeAuthorization(
  order: Order,
  authorizationId: PaymentId | null,
  change: (authorization: Authorization) => Partial<Authorization>,
): readonly Authorization[] {
  return order.payments.authorizations.map((authorization) =>
    authorization.paymentId === authorizationId
      ? { ...authorization, ...change(authorization) }
      : authorization,
  );
}

/** `last` is the last payment event; while any captured money is left, it stays `captured`. */
function withPayments(order: Order, change: Partial<Payments>, last: Payments['last']): Order {
  const { payments } = order;
  const captures = change.captures ?? payments.captures;
  return {
    ...order,
    payments: {
      authorizations: change.authorizations ?? payments.authorizations,
      captures,
      failures: change.failures ?? payments.failures,
      voids: change.voids ?? payments.voids,
      reversals: change.reversals ?? payments.reversals,
      last: captures.some((capture) => heldMinor(capture) > 0) ? 'captured' : last,
    },
  };
}
