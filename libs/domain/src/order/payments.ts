import type { Command, Decision, Event } from '../decider.js';
import { sameContent } from '../equality.js';
import type { DecideArea, EvolveArea } from './area.js';
import { checkAmount, checkCount, checkCurrency, checkReason, checkText } from './checks.js';
import { freshId } from './identity.js';
import type { PaymentId } from './ids.js';
import { LIMITS } from './limits.js';
import { accept, isRefusal, reject, type RejectionCode, type Refusal } from './rejections.js';
import type { Authorization, Capture, FailedPayment, Order, Payments, VoidedPayment } from './state.js';
import { capturedTotalMinor } from './totals.js';

type Money = { readonly amountMinor: number; readonly currency: string };

/**
 * What the payment provider did: these four. `providerReference` is the provider's own id for it, unique per order
 * and kind.
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
};

function checkPayment(order: Order, data: Authorized | Failed): Refusal | null {
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

/** Voids need no limit of their own: each authorization is voided at most once. */
function checkRoom({ payments }: Order, kind: 'authorizations' | 'captures' | 'failures'): Refusal | null {
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
  if (capturedTotalMinor(order) + amountMinor > LIMITS.amountMinor) {
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

/** `last` is the last payment event until the first capture. From then on it stays `captured`. */
function withPayments(order: Order, change: Partial<Payments>, last: Payments['last']): Order {
  const { payments } = order;
  const captured = payments.captures.length > 0;
  return {
    ...order,
    payments: {
      authorizations: change.authorizations ?? payments.authorizations,
      captures: change.captures ?? payments.captures,
      failures: change.failures ?? payments.failures,
      voids: change.voids ?? payments.voids,
      last: captured ? 'captured' : last,
    },
  };
}
